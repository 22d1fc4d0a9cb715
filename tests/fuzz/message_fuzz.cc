// Any bytes are a message of a schema, every part of which can be read, or are refused.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "kernel/payload.h"
#include "schemas/control_generated.h"
#include "services/echo/echo_generated.h"
#include "tests/faults/tree_generated.h"

namespace {

using namespace jackfield;

// What is read is used, so that a sanitizer sees each byte.
uint32_t g_seen = 0;  // NOLINT
void See(const flatbuffers::String* text) {
  if (text == nullptr) return;
  for (const char c : text->string_view()) g_seen = g_seen * 31 + static_cast<unsigned char>(c);
}

void Walk(const faults::Tree* tree, int depth, int& tables) {
  if (tree == nullptr) return;
  // What the verifier let through is bounded by its limits.
  if (depth > kVerifyDepthMax || ++tables > kVerifyTablesMax) std::abort();
  See(tree->name());
  Walk(tree->left(), depth + 1, tables);
  Walk(tree->right(), depth + 1, tables);
  if (tree->leaves() == nullptr) return;
  for (const faults::Tree* leaf : *tree->leaves()) Walk(leaf, depth + 1, tables);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A frame's payload begins at a multiple of 8.
  std::vector<uint64_t> aligned(size / 8 + 1);
  if (size != 0) std::memcpy(aligned.data(), data, size);
  const auto bytes = std::as_bytes(std::span(aligned)).first(size);
  int tables = 0;
  Walk(RootOf<faults::Tree>(bytes), 0, tables);
  if (const auto* hello = RootOf<wire::Hello>(bytes)) See(hello->name());
  if (const auto* welcome = RootOf<wire::Welcome>(bytes)) See(welcome->name());
  if (const auto* refuse = RootOf<wire::Refuse>(bytes)) See(refuse->text());
  if (const auto* receipt = RootOf<wire::Receipt>(bytes))
    g_seen += static_cast<uint32_t>(receipt->handled() + receipt->received());
  if (const auto* failure = RootOf<wire::Failure>(bytes)) See(failure->text());
  if (const auto* say = RootOf<echo::SayRequest>(bytes)) {
    if (say->text() == nullptr) std::abort();  // required
    See(say->text());
  }
  return 0;
}
