#!/bin/sh
# By CMake, outside of the tree: what `jackfield init --build cmake` writes is built, tested, served
# and called; and a C program by the target of the C ABI.
. "$(dirname "$(readlink -f "$0")")/outside.sh"
need cmake c++ pkg-config flatc

jackfield init -q greet --build cmake >said
expect "what it wrote" "wrote greet: greet.fbs greeter.h main.cc ask.cc greet_test.cc greet.toml \
CMakeLists.txt README.md" "$(cat said)"
# A schema in a folder that includes another one, which has no service.
mkdir greet/more
cat >greet/more/unit.fbs <<'F'
namespace more;
table Unit { name: string; }
F
cat >greet/more/scale.fbs <<'F'
include "more/unit.fbs";
namespace more;
rpc_service Scale { Weigh(Unit): Unit; }
F
cat >greet/more.cc <<'F'
#include "more/scale_service.h"
int main() { return more::ScaleMethods::kWeigh.name == "more.Scale/Weigh" ? 0 : 1; }
F
cp "$tests/caller.c" greet/
cat >>greet/CMakeLists.txt <<'F'
jackfield_service(more_service more/scale.fbs more/unit.fbs)
add_executable(more more.cc)
target_link_libraries(more PRIVATE more_service)
enable_language(C)
add_executable(caller caller.c)
target_link_libraries(caller PRIVATE Jackfield::c)
F

configure() { cmake -S greet -B greet/build -DCMAKE_PREFIX_PATH="$prefix" "$@"; }
configure -DCMAKE_CXX_FLAGS="-Wall -Wextra -Wshadow -Werror" >said 2>&1 || fail "$(cat said)"
cmake --build greet/build >said 2>&1 || fail "$(cat said)"
greet/build/more || fail "the methods of a schema that includes another"
! [ -x greet/build/greet_test ] || greet/build/greet_test >said 2>&1 || fail "$(cat said)"

is_served greet/greet.toml
expect "a client" "hello Ben" "$(jackfield run -q --call greet -- greet/build/ask Ben)"
expect "a client in C" '{"text": "hello Ada"}' \
    "$(jackfield run -q --call greet -- greet/build/caller greet/greet.fbs)"
is_down

# The version: one that is not there is refused, the one that is there is found.
version=$(jackfield --version | sed 's/^jackfield \([0-9.]*\) .*/\1/')
mkdir asks
for asked in "$version" "${version%.*}" 99; do
    cat >asks/CMakeLists.txt <<F
cmake_minimum_required(VERSION 3.22)
project(asks CXX)
find_package(Jackfield $asked REQUIRED)
F
    found=yes
    cmake -S asks -B "asks/$asked" -DCMAKE_PREFIX_PATH="$prefix" >said 2>&1 || found=no
    [ "$asked" = 99 ] && wanted=no || wanted=yes
    expect "version $asked" "$wanted" "$found"
done
