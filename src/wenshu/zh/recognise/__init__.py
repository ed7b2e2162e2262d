"""Recognisers: values that a Chinese text says, each with its span, its value and what could not be decided.

They take folded text (``zh.fold``), whose offsets are those of the original, and give ``Found`` left to right.
"""
