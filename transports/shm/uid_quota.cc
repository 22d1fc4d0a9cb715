#include "transports/shm/uid_quota.h"

#include "kernel/outcome.h"
#include "kernel/text.h"
#include "kernel/units.h"

namespace jackfield {

absl::StatusOr<UidQuota::Share> UidQuota::Take(uint32_t uid, uint64_t bytes) {
  const auto found = account_->used_bytes.find(uid);
  const uint64_t used = found == account_->used_bytes.end() ? 0 : found->second;
  if (bytes > account_->bytes_max || used > account_->bytes_max - bytes) {
    return MakeStatus(
        Outcome::kRefused, Reason::kResource,
        Text("uid ", uid, " has ", FormatBytes(used), " of shared memory here, ",
             FormatBytes(bytes), " more would exceed its ", FormatBytes(account_->bytes_max),
             ": close connections, take smaller lanes (?size= of the client), or "
             "raise ?quota= of the server"));
  }
  account_->used_bytes[uid] = used + bytes;
  return Share(account_, uid, bytes);
}

UidQuota::Share::~Share() {
  if (account_ == nullptr) return;
  uint64_t& used = account_->used_bytes[uid_];
  used -= bytes_;
  if (used == 0) account_->used_bytes.erase(uid_);
}

}  // namespace jackfield
