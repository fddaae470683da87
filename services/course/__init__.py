"""The course service: the catalog of courses, with their modules and lessons."""
