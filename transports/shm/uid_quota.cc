#include "transports/shm/uid_quota.h"

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/base/units.h"

namespace jackfield {

absl::StatusOr<UidQuota::Share> UidQuota::Take(uint32_t uid, uint64_t bytes) {
  const auto found = account_->used.find(uid);
  const Used used = found == account_->used.end() ? Used() : found->second;
  if (used.lanes >= account_->lanes_max) {
    return MakeStatus(Outcome::kRefused, Reason::kResource,
                      Text("uid ", uid, " has ", used.lanes,
                           " connections here, as many as it may: close one, or raise ?lanes= of "
                           "the server"));
  }
  if (bytes > account_->bytes_max || used.bytes > account_->bytes_max - bytes) {
    return MakeStatus(
        Outcome::kRefused, Reason::kResource,
        Text("uid ", uid, " has ", FormatBytes(used.bytes), " of shared memory here, ",
             FormatBytes(bytes), " more would exceed its ", FormatBytes(account_->bytes_max),
             ": close connections, take smaller lanes (?size= of the client), or "
             "raise ?quota= of the server"));
  }
  account_->used[uid] = {used.bytes + bytes, used.lanes + 1};
  return Share(account_, uid, bytes);
}

UidQuota::Share::~Share() {
  if (account_ == nullptr) return;
  Used& used = account_->used[uid_];
  used.bytes -= bytes_;
  if (--used.lanes == 0) account_->used.erase(uid_);
}

}  // namespace jackfield
