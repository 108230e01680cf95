"""The files of one home, brought to hours: `load` takes a folder, and returns a `Home`.

What goes in: a folder with exports of any known format and, where there is one, home.yaml. On the way each file is
parsed by its format (`source_files`), names are cleaned (`unique_names`), rows become energy by device and hour
(`hours`), series get their roles (`meter_roles`), and the household follows from its meters (`household_balance`).
What comes out: `Home.readings` and `Home.flows` on a complete hourly grid in UTC, what is known beside energy
(`metadata`), and the audit of every row and kilowatt-hour (`audit`).
"""
