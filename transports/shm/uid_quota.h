// How many connections each uid has at one server, and how many bytes of it are mapped for them:
// not more than it may.
//
// Thread: the node's. A share keeps the account alive, so it may outlive the server.
#ifndef JACKFIELD_TRANSPORTS_SHM_UID_QUOTA_H_
#define JACKFIELD_TRANSPORTS_SHM_UID_QUOTA_H_

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"

namespace jackfield {

class UidQuota {
 public:
  static constexpr uint32_t kLanesUnbounded = UINT32_MAX;
  explicit UidQuota(uint64_t bytes_max, uint32_t lanes_max = kLanesUnbounded)
      : account_(std::make_shared<Account>(bytes_max, lanes_max)) {}

  // One connection. Gives its bytes and its place back when it is destroyed. An empty one holds
  // nothing.
  class Share;
  // Errors: RESOURCE_EXHAUSTED, with what is used, wanted and allowed.
  absl::StatusOr<Share> Take(uint32_t uid, uint64_t bytes);

 private:
  struct Used {
    uint64_t bytes = 0;
    uint32_t lanes = 0;
  };
  struct Account {
    Account(uint64_t bytes_max, uint32_t lanes_max) : bytes_max(bytes_max), lanes_max(lanes_max) {}
    const uint64_t bytes_max;
    const uint32_t lanes_max;
    std::map<uint32_t, Used> used;  // by uid; no entry: none
  };
  const std::shared_ptr<Account> account_;
};

class UidQuota::Share {
 public:
  Share() = default;
  Share(std::shared_ptr<Account> account, uint32_t uid, uint64_t bytes)
      : account_(std::move(account)), uid_(uid), bytes_(bytes) {}
  Share(Share&& other) noexcept = default;
  Share& operator=(Share&&) = delete;
  ~Share();

 private:
  std::shared_ptr<Account> account_;
  uint32_t uid_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHM_UID_QUOTA_H_
