"""Wenshu (文枢): one server for the text work of a business."""
