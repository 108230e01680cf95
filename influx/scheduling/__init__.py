"""Scheduling: a home and its forecast go in; out come the cheapest week of its flexible devices, and why not others.

`influx.plan` does all of it: requirements of each device, a mixed-integer programme, savings with their range.
"""
