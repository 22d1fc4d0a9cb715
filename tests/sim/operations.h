// What clients do and handlers answer: one coroutine for each style of call.
#ifndef JACKFIELD_TESTS_SIM_OPERATIONS_H_
#define JACKFIELD_TESTS_SIM_OPERATIONS_H_

#include "kernel/loop/task.h"
#include "tests/sim/program.h"

namespace jackfield::sim_test {

// Registers a handler for every style.
void HandleAll(Program& program, Port& port);

// Makes `operations` calls of any style, one after the other.
Task<void> RunClient(Program& program, int operations);

}  // namespace jackfield::sim_test

#endif  // JACKFIELD_TESTS_SIM_OPERATIONS_H_
