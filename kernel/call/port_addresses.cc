// Where a Port serves: the addresses it was opened with, and those that come and go.
#include <algorithm>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/call/port_listener.h"
#include "kernel/common_params.h"
#include "kernel/registry.h"

namespace jackfield {

absl::StatusOr<std::unique_ptr<Port::Listener>> Port::NewListener(std::string_view text) {
  absl::StatusOr<Address> address = node_.registry().Parse(text);
  if (!address.ok()) return address.status();
  address = TakeSpin(address->Without("on_full"), node_);
  if (!address.ok()) return address.status();
  absl::StatusOr<Registry::Stacked> stacked =
      node_.registry().Stack(*address, Role::kServe, options_.needs, options_.message_bytes_max);
  if (!stacked.ok()) return stacked.status();
  return std::make_unique<Listener>(*this, std::move(stacked->address));
}

void Port::ListAddresses() {
  actual_.clear();
  for (const auto& listener : openings_) {
    if (listener->serves() || listener->is_awaited()) actual_.push_back(listener->actual);
  }
}

absl::Status Port::ServeAt(std::string_view address, ServingToldFunction told) {
  if (life_ != Life::kServes) return Closed();
  std::erase_if(openings_, [](const auto& l) { return l->state == Listener::State::kFailed; });
  absl::StatusOr<std::unique_ptr<Listener>> listener = NewListener(address);
  if (!listener.ok()) return listener.status();
  openings_.push_back(*std::move(listener));
  Listener& added = *openings_.back();
  added.told = std::move(told);
  absl::Status opened = added.Open();
  if (!opened.ok()) openings_.pop_back();
  return opened;
}

absl::Status Port::LeaveAddress(const Address& actual) {
  const auto left = std::find_if(openings_.begin(), openings_.end(), [&actual](const auto& l) {
    return l->serves() && l->actual.ToString() == actual.ToString();
  });
  if (left == openings_.end()) {
    return absl::NotFoundError(Text(node_.name(), " does not serve at ", actual.ToString()));
  }
  openings_.erase(left);
  ListAddresses();
  return absl::OkStatus();
}

void Port::StopServing() { openings_.clear(); }

bool Port::serving() const {
  return std::none_of(openings_.begin(), openings_.end(),
                      [](const auto& listener) { return listener->is_awaited(); });
}

absl::Status Port::WaitServing() {
  if (node_.in_turn() || !node_.usable()) return BlockedInHandler(node_);
  // Node::Interrupt does not end this: it takes no longer than the opening of an address, and a
  // service that is asked to stop meanwhile ends as any other.
  node_.RunUntil([this] { return serving() || !failure_.ok(); });
  return failure_.ok() ? node_.Usable() : failure_;
}

}  // namespace jackfield
