from wenshu.core.jobs.states import FINAL, MOVES, OPEN, JobState, sources


def test_moves_and_sources_say_the_same():
    assert {(source, target) for source, targets in MOVES.items() for target in targets} == {
        (source, target) for target in JobState for source in sources(target)
    }


def test_final_states_are_left_by_a_retry_only():
    assert {target for state in FINAL for target in MOVES[state]} == {JobState.QUEUED}
    assert MOVES[JobState.SUCCEEDED] == frozenset()
    assert set(JobState) == OPEN | FINAL
