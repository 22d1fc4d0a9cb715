#include <cstdio>

int main() {
  std::fputs("usage: jackfield VERB ...\n\nNo verb is built in yet.\n", stderr);
  return 2;
}
