#include "kernel/trace.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "kernel/base/text.h"
#include "kernel/call_chain.h"

namespace jackfield {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

void AppendHex(std::string& text, const uint8_t* bytes, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
}

// The most significant byte first, as W3C writes an id.
std::array<uint8_t, 8> BigEndian(uint64_t id) {
  std::array<uint8_t, 8> bytes;
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<uint8_t>(id >> (56 - 8 * i));
  return bytes;
}

bool ReadHex(std::string_view text, uint8_t* bytes) {
  for (size_t i = 0; i < text.size(); i += 2) {
    const char* const first = std::find(kDigits, kDigits + 16, text[i]);
    const char* const second = std::find(kDigits, kDigits + 16, text[i + 1]);
    if (first == kDigits + 16 || second == kDigits + 16) return false;
    bytes[i / 2] = static_cast<uint8_t>((first - kDigits) << 4 | (second - kDigits));
  }
  return true;
}

}  // namespace

TraceContext TraceIn(std::span<const std::byte> extension) {
  TraceContext trace;
  const std::span<const std::byte> value = ValueIn(extension, kTagTrace);
  if (value.size() != kTraceBytes) return trace;
  std::memcpy(trace.trace_id.data(), value.data(), 16);
  std::memcpy(&trace.span_id, value.data() + 16, 8);
  std::memcpy(&trace.parent_id, value.data() + 24, 8);
  return trace;
}

size_t WriteTrace(const TraceContext& trace, std::span<std::byte> to) {
  std::fill_n(to.begin(), kTraceExtensionBytes, std::byte{0});
  to[0] = std::byte{kTagTrace};
  to[2] = std::byte{kTraceBytes};
  std::memcpy(&to[4], trace.trace_id.data(), 16);
  std::memcpy(&to[20], &trace.span_id, 8);
  std::memcpy(&to[28], &trace.parent_id, 8);
  return kTraceExtensionBytes;
}

std::string Traceparent(const TraceContext& trace) {
  std::string text = "00-";
  AppendHex(text, trace.trace_id.data(), trace.trace_id.size());
  text += '-';
  AppendHex(text, BigEndian(trace.span_id).data(), 8);
  return text + "-01";
}

absl::StatusOr<TraceContext> ParseTraceparent(std::string_view text) {
  TraceContext trace;
  std::array<uint8_t, 8> span;
  uint8_t version = 0, flags = 0;
  // A later version may have more behind it.
  if (text.size() < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-' ||
      !ReadHex(text.substr(0, 2), &version) || version == 0xff ||
      (text.size() > 55 && (version == 0 || text[55] != '-')) ||
      !ReadHex(text.substr(3, 32), trace.trace_id.data()) ||
      !ReadHex(text.substr(36, 16), span.data()) || !ReadHex(text.substr(53, 2), &flags) ||
      trace.trace_id == std::array<uint8_t, 16>{} || span == std::array<uint8_t, 8>{}) {
    return absl::InvalidArgumentError(
        Text("\"", Escaped(text.substr(0, 64)),
             "\" is no traceparent: 00-(32 digits)-(16 digits)-01, lower-case hexadecimal"));
  }
  if ((flags & 1) == 0) return TraceContext();
  for (const uint8_t byte : span) trace.span_id = trace.span_id << 8 | byte;
  return trace;
}

}  // namespace jackfield
