#include "services/topics/topic_log.h"

#include <chrono>
#include <fstream>
#include <utility>

#include "jackfield/message.h"
#include "kernel/base/text.h"
#include "services/topics/topics_service.h"

namespace jackfield::topics {
namespace {

// Of the machine since it was started; "" where nobody tells.
std::string BootId() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  file >> id;
  return id;
}

}  // namespace

uint64_t EpochOfNow() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

absl::StatusOr<std::unique_ptr<TopicLog>> TopicLog::Open(const std::string& directory,
                                                         const journal::LogOptions& options) {
  absl::StatusOr<std::unique_ptr<journal::Log>> log = journal::Log::Open(directory, options);
  if (!log.ok()) return log.status();
  std::unique_ptr<TopicLog> opened(new TopicLog(*std::move(log)));
  if (absl::Status status = opened->FindEpoch(options.sync_each); !status.ok()) return status;
  return opened;
}

absl::Status TopicLog::FindEpoch(bool synced_each) {
  const std::string path = log_->directory() + "/epoch", boot = BootId();
  std::string booted;
  std::ifstream(path) >> epoch_ >> booted;
  const bool goes_on = epoch_ != 0 && last() != 0 && (booted == boot || synced_each);
  if (goes_on && booted == boot) return absl::OkStatus();
  if (!goes_on) epoch_ = EpochOfNow();
  std::ofstream file(path, std::ios::trunc);
  file << epoch_ << " " << boot << "\n" << std::flush;
  if (file.good()) return absl::OkStatus();
  return absl::UnavailableError(Text("cannot write ", path));
}

absl::Status TopicLog::Append(const Publication& publication) {
  return log_->Append(publication.bytes(), static_cast<int64_t>(EpochOfNow())).status();
}

absl::StatusOr<std::optional<TopicLog::Entry>> TopicLog::Replay::Next() {
  const absl::StatusOr<std::optional<journal::Record>> record = reader_.Next();
  if (!record.ok()) return record.status();
  if (!record->has_value()) return std::nullopt;
  const Item* item = RootOf<Item>((*record)->payload);
  if (item == nullptr)
    return absl::DataLossError(Text("record ", (*record)->sequence, " is no message"));
  Entry entry{.sequence = (*record)->sequence, .topic = item->topic()->string_view()};
  if (const auto* bytes = item->payload())
    entry.payload = std::as_bytes(std::span(bytes->data(), bytes->size()));
  return entry;
}

}  // namespace jackfield::topics
