"""What all tests share."""

from hypothesis import settings

# A busy machine is no fault of the code: examples are not timed.
settings.register_profile("wenshu", deadline=None)
settings.load_profile("wenshu")
