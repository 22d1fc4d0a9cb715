#include "services/journal/record.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace jackfield::journal {
namespace {

constexpr uint32_t kMagic = 0x314c464a;  // "JFL1"
constexpr size_t kReadBytes = 64 << 10;

// Words are multiplied in, each with what came before it; against accidents, not against people.
uint64_t Mixed(uint64_t sum, std::span<const std::byte> bytes) {
  constexpr uint64_t kPrime = 0x9e3779b97f4a7c15u;
  while (!bytes.empty()) {
    uint64_t word = 0;
    const size_t size = std::min(bytes.size(), sizeof word);
    std::memcpy(&word, bytes.data(), size);
    sum = (sum ^ word) * kPrime;
    sum ^= sum >> 29;
    bytes = bytes.subspan(size);
  }
  return sum;
}

uint32_t ChecksumOf(const RecordHead& head, std::span<const std::byte> payload) {
  const uint64_t numbers[] = {head.payload_bytes, head.zero, head.sequence,
                              static_cast<uint64_t>(head.time_us)};
  const uint64_t sum = Mixed(Mixed(kMagic, std::as_bytes(std::span(numbers))), payload);
  return static_cast<uint32_t>(sum ^ sum >> 32);
}

}  // namespace

RecordHead HeadOf(const Record& record) {
  RecordHead head{.magic = kMagic,
                  .payload_bytes = static_cast<uint32_t>(record.payload.size()),
                  .sequence = record.sequence,
                  .time_us = record.time_us};
  head.checksum = ChecksumOf(head, record.payload);
  return head;
}

bool RecordReader::Fill(size_t bytes) {
  if (buffer_.size() - begin_ >= bytes) return true;
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(begin_));
  begin_ = 0;
  size_t have = buffer_.size();
  buffer_.resize(std::max(bytes, kReadBytes));
  while (have < bytes) {
    const ssize_t got = pread(fd_, buffer_.data() + have, buffer_.size() - have,
                              static_cast<off_t>(offset_ + have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      why_ = got < 0 ? Why::kError : have == 0 ? Why::kEnd : Why::kBroken;
      break;
    }
    have += static_cast<size_t>(got);
  }
  buffer_.resize(have);
  return have >= bytes;
}

std::optional<Record> RecordReader::Next() {
  RecordHead head;
  if (!Fill(sizeof head)) return std::nullopt;
  std::memcpy(&head, buffer_.data() + begin_, sizeof head);
  why_ = Why::kBroken;
  if (head.magic != kMagic || head.payload_bytes > kRecordPayloadMax || head.sequence != sequence_)
    return std::nullopt;
  const size_t bytes = RecordBytes(head.payload_bytes);
  if (!Fill(bytes)) return std::nullopt;
  const Record record{.sequence = head.sequence,
                      .time_us = head.time_us,
                      .payload = {buffer_.data() + begin_ + sizeof head, head.payload_bytes}};
  if (ChecksumOf(head, record.payload) != head.checksum) return std::nullopt;
  offset_ += bytes;
  begin_ += bytes;
  ++sequence_;
  why_ = Why::kEnd;
  return record;
}

}  // namespace jackfield::journal
