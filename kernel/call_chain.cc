#include "kernel/call_chain.h"

#include <algorithm>
#include <cstring>

#include "kernel/base/text.h"
#include "kernel/frame.h"

namespace jackfield {
namespace {

uint16_t Read16(const std::byte* at) {
  return static_cast<uint16_t>(static_cast<unsigned>(at[0]) | static_cast<unsigned>(at[1]) << 8);
}

// Calls f(service_number, name) for each link; false at a malformed one.
template <class F>
bool ForEachLink(std::span<const std::byte> chain, F f) {
  for (size_t at = 0; at < chain.size();) {
    if (chain.size() - at < 9) return false;
    uint64_t service_number;
    std::memcpy(&service_number, &chain[at], 8);
    const auto name_bytes = static_cast<size_t>(chain[at + 8]);
    if (name_bytes > kChainNameBytesMax || chain.size() - at - 9 < name_bytes) return false;
    f(service_number, std::string_view(reinterpret_cast<const char*>(&chain[at]) + 9, name_bytes));
    at += 9 + name_bytes;
  }
  return true;
}

// Calls f(tag, value) for each value; false at a malformed one.
template <class F>
bool ForEachValue(std::span<const std::byte> extension, F f) {
  for (size_t at = 0; at < extension.size();) {
    if (extension.size() - at < 8) return false;
    const uint16_t tag = Read16(&extension[at]);
    const uint16_t bytes = Read16(&extension[at + 2]);
    if (extension.size() - at - 4 < bytes) return false;
    if (!f(tag, extension.subspan(at + 4, bytes))) return false;
    at += Align8(4u + bytes);
  }
  return true;
}

}  // namespace

bool ExtensionIsSound(std::span<const std::byte> extension) {
  return ForEachValue(extension, [](uint16_t tag, std::span<const std::byte> value) {
    size_t links = 0;
    if (tag == kTagChain)
      return ForEachLink(value, [&links](uint64_t, std::string_view) { ++links; }) &&
             links <= kChainLinksMax;
    return (tag & kTagCritical) == 0;
  });
}

std::span<const std::byte> ValueIn(std::span<const std::byte> extension, uint16_t tag) {
  std::span<const std::byte> found;
  ForEachValue(extension, [tag, &found](uint16_t has, std::span<const std::byte> value) {
    if (has == tag) found = value;
    return true;
  });
  return found;
}

std::span<const std::byte> ChainIn(std::span<const std::byte> extension) {
  return ValueIn(extension, kTagChain);
}

ChainSearch FindInChain(std::span<const std::byte> chain, uint64_t service_number) {
  ChainSearch search;
  ForEachLink(chain, [&](uint64_t link, std::string_view) {
    ++search.links;
    search.found |= link == service_number;
  });
  return search;
}

std::string DescribeChain(std::span<const std::byte> chain) {
  std::string text;
  ForEachLink(chain, [&text](uint64_t, std::string_view name) {
    text += (text.empty() ? "" : " → ") + Escaped(name);
  });
  return text;
}

size_t WriteChain(std::span<const std::byte> chain, uint64_t service_number, std::string_view name,
                  std::span<std::byte> to) {
  name = name.substr(0, kChainNameBytesMax);
  const size_t bytes = chain.size() + 9 + name.size();
  const size_t total = Align8(static_cast<uint32_t>(4 + bytes));
  if (FindInChain(chain, service_number).links >= kChainLinksMax || total > to.size()) return 0;
  std::fill_n(to.begin(), total, std::byte{0});
  to[0] = std::byte{kTagChain};
  to[2] = static_cast<std::byte>(bytes & 0xff);
  to[3] = static_cast<std::byte>(bytes >> 8);
  if (!chain.empty()) std::memcpy(&to[4], chain.data(), chain.size());
  std::byte* link = &to[4] + chain.size();
  std::memcpy(link, &service_number, 8);
  link[8] = static_cast<std::byte>(name.size());
  std::memcpy(link + 9, name.data(), name.size());
  return total;
}

}  // namespace jackfield
