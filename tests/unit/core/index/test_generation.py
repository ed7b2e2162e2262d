from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from wenshu.core.index.generation import first_generation, new_generations


def test_numbers_rise_and_never_come_twice():
    with ThreadPoolExecutor(8) as pool:
        taken = [number for numbers in pool.map(new_generations, [7] * 500) for number in numbers]
    assert len(set(taken)) == len(taken) == 3500
    (later,) = new_generations(1)
    assert later > max(taken)
    assert later < 2**62


def test_a_number_tells_its_time():
    before = datetime.now(UTC)
    (number,) = new_generations(1)
    assert first_generation(before - timedelta(seconds=1)) <= number
    assert number < first_generation(before + timedelta(minutes=1))
