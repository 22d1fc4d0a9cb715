#!/usr/bin/env python3
"""A client of the service: jackfield run --call greet -- ./ask.py [NAME]"""

import sys

import jackfield


def main(service):
    channel = service.connect("greet")
    greeter = jackfield.Schema.fetch(channel, "greet.Greeter").client(channel, "greet.Greeter")
    print(greeter.Greet({"name": service.args[0] if service.args else "Ada"})["text"])


if __name__ == "__main__":
    sys.exit(jackfield.run_service(main))
