// The main function of a test whose first argument is the program that its Commands run.
#include <signal.h>

#include <cstdlib>
#include <filesystem>

#include "gtest/gtest.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc < 2) return 2;
  setenv("JACKFIELD_PROGRAM", std::filesystem::absolute(argv[1]).c_str(), 1);
  signal(SIGPIPE, SIG_IGN);
  return RUN_ALL_TESTS();
}
