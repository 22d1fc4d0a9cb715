#include "kernel/base/thrown.h"

#include <cxxabi.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <typeinfo>

#include "kernel/base/text.h"

namespace jackfield {

std::string TextOf(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return Escaped(e.what());
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    if (type == nullptr) return "an exception of another language";
    char* readable = abi::__cxa_demangle(type->name(), nullptr, nullptr, nullptr);
    std::string text = Text("an exception of type ", readable != nullptr ? readable : type->name());
    std::free(readable);
    return text;
  }
}

void SayThrown(std::string_view where, const std::exception_ptr& thrown) {
  static std::atomic<int> said{0};  // the process has one stderr
  const int line = said.fetch_add(1, std::memory_order_relaxed);
  if (line > kThrownSaidMax) {
    said.store(kThrownSaidMax + 1, std::memory_order_relaxed);
  } else if (line == kThrownSaidMax) {
    std::fprintf(stderr, "jackfield: more was thrown than the %d lines above say\n",
                 kThrownSaidMax);
  } else {
    std::fprintf(stderr, "jackfield: %s\n", Text(where, " threw: ", TextOf(thrown)).c_str());
  }
}

}  // namespace jackfield
