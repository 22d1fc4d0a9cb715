#include "services/names/directory.h"

#include <algorithm>

#include "kernel/base/text.h"

namespace jackfield::names {
namespace {

// Text of 1 to so many bytes, without spaces and control characters.
bool IsWord(std::string_view text, size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte > 0x20 && byte != 0x7f;
         });
}

absl::Status CheckText(std::string_view what, std::string_view text, size_t bytes_max) {
  if (IsWord(text, bytes_max)) return absl::OkStatus();
  return absl::InvalidArgumentError(Text(what, " is 1 to ", bytes_max,
                                         " bytes of text without spaces, not \"",
                                         Escaped(text.substr(0, bytes_max)), "\""));
}

absl::Status Check(const Listed& listed) {
  if (absl::Status status = CheckText("a name", listed.name, kNameBytesMax); !status.ok())
    return status;
  if (listed.addresses.size() > kAddressesMax || listed.interfaces.size() > kInterfacesMax) {
    return absl::InvalidArgumentError(Text(
        listed.name, " has ", listed.addresses.size(), " addresses and ", listed.interfaces.size(),
        " interfaces; ", kAddressesMax, " and ", kInterfacesMax, " are the limit"));
  }
  for (const std::string& address : listed.addresses) {
    if (absl::Status status = CheckText("an address", address, kTextBytesMax); !status.ok())
      return status;
  }
  for (const Listed::Interface& interface : listed.interfaces) {
    absl::Status status = CheckText("the name of an interface", interface.name, kTextBytesMax);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

std::string WhoHas(const Listed& listed) {
  return Text(Escaped(listed.owner), listed.pid == 0 ? "" : Text(", pid ", listed.pid),
              listed.addresses.empty() ? "" : Text(", at ", listed.addresses[0]));
}

}  // namespace

absl::StatusOr<const Listed*> Directory::Find(std::string_view name) const {
  if (const auto found = listed_.find(name); found != listed_.end()) return found->second;
  std::vector<std::string_view> names;
  for (const auto& [known, listed] : listed_) names.push_back(known);
  const std::string_view nearest = Nearest(name, names);
  return absl::NotFoundError(
      Text("nobody serves \"", Escaped(name.substr(0, kNameBytesMax)), "\" now",
           nearest.empty() ? "" : Text("; did you mean \"", nearest, "\"?")));
}

void Directory::Tell(const std::string& name) {
  for (Watcher* watcher = watchers_.front(); watcher != nullptr;
       watcher = watchers_.next(watcher)) {
    if (!watcher->name_.empty() && watcher->name_ != name) continue;
    watcher->changed_.insert(name);
    watcher->wake_();
  }
}

absl::Status Directory::Listing::Enter(Listed listed) {
  if (absl::Status status = Check(listed); !status.ok()) return status;
  auto& all = directory_.listed_;
  if (const auto found = all.find(listed.name); found != all.end()) {
    return absl::AlreadyExistsError(Text(listed.name, " is served already, by ",
                                         WhoHas(*found->second),
                                         "  try: another name, or to end that one"));
  }
  if (all.size() == kNamesMax) {
    return absl::ResourceExhaustedError(
        Text("there are ", kNamesMax, " names, which is the limit"));
  }
  listed_ = std::move(listed);
  all.emplace(listed_.name, &listed_);
  entered_ = true;
  directory_.Tell(listed_.name);
  return absl::OkStatus();
}

Directory::Listing::~Listing() {
  if (!entered_) return;
  directory_.listed_.erase(listed_.name);
  directory_.Tell(listed_.name);
}

Directory::Watcher::Watcher(Directory& directory, std::string_view name, std::string_view interface,
                            std::function<void()> wake)
    : directory_(directory), name_(name), interface_(interface), wake_(std::move(wake)) {
  for (const auto& [known, listed] : directory.listed_) {
    if (name_.empty() || known == name_) changed_.insert(known);
  }
  directory.watchers_.PushBack(*this);
}

bool Directory::Watcher::Wants(const Listed& listed) const {
  return interface_.empty() ||
         std::any_of(listed.interfaces.begin(), listed.interfaces.end(),
                     [this](const auto& interface) { return interface.name == interface_; });
}

std::optional<Directory::Watcher::Change> Directory::Watcher::Next() {
  while (!changed_.empty()) {
    Change change{.name = std::move(changed_.extract(changed_.begin()).value())};
    const auto found = directory_.listed_.find(change.name);
    if (found != directory_.listed_.end() && Wants(*found->second)) {
      change.there = found->second;
      told_.insert(change.name);
      return change;
    }
    // Who never heard of it need not hear that it has gone.
    if (told_.erase(change.name) != 0) return change;
  }
  return std::nullopt;
}

}  // namespace jackfield::names
