"""Billing: a home's hours and its forecast go in; what they cost and emit comes out, by day, by month and by device.

`influx.bill` does all of it. The tariff itself is in `influx.core.tariff`, since forecasts look at prices, too.
"""
