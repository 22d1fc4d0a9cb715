// The arrows of the house hold, by Bazel's own graph: base ← loop ← kernel (waist and session) ←
// call, and a transport, a shim or an engine reaches the waist and no call. Arguments: files of
// labels, each the answer to a query of BUILD.bazel, by its name.
//
// The build holds the same by visibility; this says which arrow it was, and holds visibility
// itself.
#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace jackfield::conformance {
namespace {

// Packages of ours that each query found, without schemas/ (generated code), third_party/ and
// other repositories.
using Packages = std::set<std::string>;
std::map<std::string, Packages>& Reached() {
  static auto* const reached = new std::map<std::string, Packages>;
  return *reached;
}

Packages Read(const char* path) {
  Packages packages;
  std::ifstream file(path);
  for (std::string label; std::getline(file, label);) {
    const size_t end = label.find(':');
    if (label.compare(0, 2, "//") != 0 || end == std::string::npos) continue;
    const std::string package = label.substr(2, end - 2);
    if (package != "schemas" && package.compare(0, 11, "third_party") != 0)
      packages.insert(package);
  }
  return packages;
}

bool In(std::string_view package, std::string_view folder) {
  return package.compare(0, folder.size(), folder) == 0 &&
         (package.size() == folder.size() || package[folder.size()] == '/');
}

TEST(Layers, EachLibraryOfTheKernelReachesWhatIsBelowItAndNothingElse) {
  const std::map<std::string, Packages> allowed = {
      {"base_deps", {"kernel/base"}},
      {"loop_deps", {"kernel/base", "kernel/loop"}},
      {"kernel_deps", {"kernel", "kernel/base", "kernel/loop"}},
      {"call_deps", {"kernel", "kernel/base", "kernel/call", "kernel/loop"}},
  };
  for (const auto& [name, packages] : allowed) EXPECT_EQ(Reached()[name], packages) << name;
}

TEST(Layers, TransportsReachTheWaistAndNoCall) {
  const Packages& packages = Reached()["transports_deps"];
  EXPECT_GT(packages.size(), 20u) << "the query found no transports";
  for (const std::string& package : packages) {
    EXPECT_TRUE(In(package, "transports") || package == "kernel" || package == "kernel/base" ||
                package == "kernel/loop")
        << package;
  }
}

TEST(Layers, ServicesReachNoTransportAndNoTool) {
  const Packages& packages = Reached()["services_deps"];
  EXPECT_TRUE(packages.count("kernel/call") == 1) << "the query found no services";
  for (const std::string& package : packages)
    EXPECT_TRUE(In(package, "services") || In(package, "kernel") || package == "bindings/cpp")
        << package;
}

}  // namespace
}  // namespace jackfield::conformance

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  using namespace jackfield::conformance;
  for (int i = 1; i < argc; ++i) {
    const std::string path = argv[i];
    Reached()[path.substr(path.rfind('/') + 1)] = Read(argv[i]);
  }
  return RUN_ALL_TESTS();
}
