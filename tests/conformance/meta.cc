// Tests of the tests and of the house: every transport has a subject; kernel/ and services/ lean on
// no transport and compare no scheme; the kernel stays small. Arguments: the sources to read (data
// of the target). That all files stay small: tree.cc.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "tests/conformance/subjects.h"

namespace jackfield::conformance {
namespace {

// Lines of .h and .cc without tests: docs/decisions/0018.
constexpr struct {
  std::string_view folder;
  size_t lines_max;
} kBounds[] = {
    {"kernel/base/", 840},
    {"kernel/loop/", 3'130},
    {"kernel/", 4'920},  // without those beside it
    {"kernel/call/", 3'870},
};
// What only tests call, of all of them together: *_invariants.cc.
constexpr size_t kInvariantsLinesMax = 400;
// std::function where it is cold: told once per service or per client, never per message.
constexpr std::string_view kMayUseFunction[] = {"services/service.h", "services/service.cc",
                                                "kernel/call/port.h", "kernel/call/port.cc"};

struct Source {
  std::string path, text;
  size_t lines() const { return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')); }
  bool In(std::string_view folder) const { return path.compare(0, folder.size(), folder) == 0; }
  bool IsTest() const { return path.find("_test.cc") != std::string::npos; }
  bool IsInvariants() const { return path.find("_invariants.cc") != std::string::npos; }
};
std::vector<Source>& Sources() {
  static auto* const sources = new std::vector<Source>;
  return *sources;
}
bool Contains(const auto& list, const std::string& path) {
  return std::find(std::begin(list), std::end(list), path) != std::end(list);
}

std::string WithoutComments(const std::string& text) {
  return std::regex_replace(text, std::regex("//[^\n]*"), "");
}

TEST(Meta, EveryRegisteredTransportHasASubject) {
  std::set<std::string> covered;
  for (const Subject& subject : Subjects())
    covered.insert(TestRegistry().Parse(subject.serve).value().scheme());
  for (const auto& transport : TestRegistry().transports()) {
    EXPECT_TRUE(covered.count(std::string(transport->scheme())) == 1)
        << transport->scheme() << ": add it to subjects.cc";
  }
}

TEST(Meta, TheSourcesAreRead) {
  for (const std::string_view folder :
       {"kernel/", "services/echo/", "services/schema/", "services/stubs/", "services/wordcount/",
        "tests/conformance/"}) {
    EXPECT_TRUE(std::any_of(Sources().begin(), Sources().end(), [folder](const Source& source) {
      return source.In(folder);
    })) << folder;
  }
}

// One spelling inside this tree and outside it (bindings/cpp). base/ is any program's.
TEST(Meta, AServiceIncludesThePublicFaceAndNothingBehindIt) {
  const std::regex behind(
      "#include "
      "\"(kernel/(?!base/)|services/service.h|services/stubs/|services/pool/|transports/)[^\n]*");
  for (const Source& source : Sources()) {
    if (!source.In("services/") || source.In("services/stubs/") || source.In("services/pool/") ||
        source.In("services/allow/") ||
        source.path.find('/', std::string_view("services/").size()) == std::string::npos)
      continue;
    std::smatch found;
    EXPECT_FALSE(std::regex_search(source.text, found, behind))
        << source.path << ": " << found.str() << ": say jackfield/…";
  }
}

TEST(Meta, TheKernelAndTheServicesLeanOnNoTransportAndNoTool) {
  const std::regex forbidden("#include \"(transports|tools)/[^\"]*\"");
  for (const Source& source : Sources()) {
    if (!source.In("kernel/") && !source.In("services/")) continue;
    for (std::sregex_iterator found(source.text.begin(), source.text.end(), forbidden), end;
         found != end; ++found) {
      // Only main() joins the list of transports to a kernel.
      const bool joins = source.In("services/") &&
                         found->str() == "#include \"transports/builtin.h\"" &&
                         (source.text.find("int main(") != std::string::npos ||
                          source.path.find("_test.cc") != std::string::npos);
      EXPECT_TRUE(joins) << source.path << ": " << found->str();
    }
  }
}

TEST(Meta, TheKernelAndTheServicesNeverNameASchemeInTheirCode) {
  std::string names;
  for (const auto& transport : TestRegistry().transports())
    names += (names.empty() ? "" : "|") + std::string(transport->scheme());
  const std::regex quoted("\"(" + names + "):?\"|scheme\\(\\) *[=!]=");
  for (const Source& source : Sources()) {
    if (!source.In("kernel/") && !source.In("services/")) continue;
    if (source.path.find("_test.cc") != std::string::npos) continue;
    if (source.path == "kernel/registry.cc")
      continue;  // looks a scheme up by the name in the address, whichever it is
    const std::string code = WithoutComments(source.text);
    std::smatch found;
    EXPECT_FALSE(std::regex_search(code, found, quoted)) << source.path << ": " << found.str();
  }
}

TEST(Meta, TheSuiteNeverNamesAScheme) {
  for (const Source& source : Sources()) {
    if (!source.In("tests/conformance/") || source.path == "tests/conformance/subjects.cc" ||
        source.path == "tests/conformance/meta.cc")
      continue;
    for (const auto& transport : TestRegistry().transports()) {
      EXPECT_EQ(WithoutComments(source.text).find("\"" + std::string(transport->scheme()) + ":"),
                std::string::npos)
          << source.path;
    }
  }
}

TEST(Meta, EachLibraryOfTheKernelStaysSmall) {
  for (const auto& [folder, lines_max] : kBounds) {
    size_t lines = 0;
    for (const Source& source : Sources()) {
      const bool here = source.path.substr(0, source.path.rfind('/') + 1) == folder;
      if (here && !source.IsTest() && !source.IsInvariants()) lines += source.lines();
    }
    std::printf("%s: %zu lines of at most %zu\n", std::string(folder).c_str(), lines, lines_max);
    EXPECT_GT(lines, lines_max / 2) << folder << " was not read, or its bound is out of date";
    EXPECT_LE(lines, lines_max)
        << folder << ": take something out, or say in docs/decisions/0018 why it is larger now";
  }
  size_t invariants = 0;
  for (const Source& source : Sources()) {
    if (source.In("kernel/") && source.IsInvariants()) invariants += source.lines();
  }
  EXPECT_GT(invariants, kInvariantsLinesMax / 2);
  EXPECT_LE(invariants, kInvariantsLinesMax);
}

TEST(Meta, TheKernelSharesNoPointersAndHidesNoAllocationInAFunction) {
  for (const Source& source : Sources()) {
    if (!source.In("kernel/") || source.path.find("_test.cc") != std::string::npos) continue;
    const std::string code = WithoutComments(source.text);
    EXPECT_EQ(code.find("shared_ptr"), std::string::npos) << source.path;
    if (!Contains(kMayUseFunction, source.path)) {
      EXPECT_EQ(code.find("std::function"), std::string::npos) << source.path;
    }
  }
}

}  // namespace
}  // namespace jackfield::conformance

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i]);
    jackfield::conformance::Sources().push_back(
        {argv[i], {std::istreambuf_iterator<char>(file), {}}});
  }
  return RUN_ALL_TESTS();
}
