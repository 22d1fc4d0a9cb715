#!/usr/bin/env python3
"""The service: a function for each method of greet.fbs."""

import pathlib
import sys

import jackfield

SCHEMA = jackfield.Schema.load(str(pathlib.Path(__file__).with_name("greet.fbs")))


def greet(person, request):
    return {"text": "hello " + person["name"]}


def main(service):
    SCHEMA.serve(service.serve(), "greet.Greeter", {"Greet": greet})
    service.run()


if __name__ == "__main__":
    sys.exit(jackfield.run_service(main))
