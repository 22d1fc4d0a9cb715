#include "services/allow/who.h"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "kernel/base/text.h"

namespace jackfield::allow {
namespace {

constexpr std::string_view kUser = "uid:", kGroup = "gid:", kCertificate = "cert:",
                           kNobody = "nobody";
constexpr size_t kRecordBytes = 64 << 10;  // of a user or group in the system's files

std::optional<uint32_t> Number(std::string_view text) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<uint32_t> UserOf(const std::string& name) {
  if (const auto number = Number(name)) return number;
  std::string record(kRecordBytes, '\0');
  passwd entry, *found = nullptr;
  getpwnam_r(name.c_str(), &entry, record.data(), record.size(), &found);
  return found == nullptr ? std::nullopt : std::optional<uint32_t>(entry.pw_uid);
}

std::optional<uint32_t> GroupOf(const std::string& name) {
  if (const auto number = Number(name)) return number;
  std::string record(kRecordBytes, '\0');
  group entry, *found = nullptr;
  getgrnam_r(name.c_str(), &entry, record.data(), record.size(), &found);
  return found == nullptr ? std::nullopt : std::optional<uint32_t>(entry.gr_gid);
}

bool IsServiceName(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

// Is it that service, or one of its instances: "packer.2" of "packer"?
bool IsInstanceOf(std::string_view caller, std::string_view service) {
  if (caller == service) return true;
  return caller.size() > service.size() && caller.starts_with(service) &&
         caller[service.size()] == '.';
}

}  // namespace

absl::StatusOr<Who> Who::Parse(std::string_view text) {
  Who who;
  who.text_ = text;
  std::optional<uint32_t> id;
  if (text == kNobody) return who;
  if (text.starts_with(kUser)) {
    who.kind_ = Kind::kUser;
    id = UserOf(std::string(text.substr(kUser.size())));
    if (!id)
      return absl::InvalidArgumentError(
          Text("there is no user \"", Escaped(text.substr(kUser.size())), "\" on this machine"));
  } else if (text.starts_with(kGroup)) {
    who.kind_ = Kind::kGroup;
    id = GroupOf(std::string(text.substr(kGroup.size())));
    if (!id)
      return absl::InvalidArgumentError(
          Text("there is no group \"", Escaped(text.substr(kGroup.size())), "\" on this machine"));
  } else if (text.starts_with(kCertificate) && text.size() > kCertificate.size()) {
    who.kind_ = Kind::kCertificate;
  } else if (IsServiceName(text)) {
    who.kind_ = Kind::kService;
  } else {
    return absl::InvalidArgumentError(
        Text("\"", Escaped(text),
             "\" is nobody who could be known; a word of allow is a service of the wiring, "
             "\"uid:1000\", \"gid:build\", \"cert:NAME\" or \"nobody\""));
  }
  who.id_ = id.value_or(0);
  return who;
}

bool Who::Means(const PeerIdentity& peer, std::string_view caller) const {
  switch (kind_) {
    case Kind::kService:
      return IsInstanceOf(caller, text_);
    case Kind::kUser:
      return peer.known && peer.uid == id_;
    case Kind::kGroup:
      return peer.known && peer.gid == id_;
    case Kind::kCertificate:
      return !peer.certificate.empty() &&
             kCertificate.size() + peer.certificate.size() == text_.size() &&
             text_.ends_with(peer.certificate);
    case Kind::kNobody:
      return false;
  }
  return false;
}

}  // namespace jackfield::allow
