#include "tools/watch/names.h"

#include <utility>

#include "kernel/base/text.h"
#include "tools/running/find_service.h"
#include "tools/watch/pages.h"

namespace jackfield::watch {

void Names::Learn(SupervisorClient& client) {
  const absl::StatusOr<MessageOf<init::Wiring>> wiring = client.Look();
  if (!wiring.ok()) return;
  for (const PageCopy& page : Pages().Read(**wiring, client.wiring().pid))
    Add(page.name, page.methods);
}

void Names::Add(const std::string& service, const std::map<uint32_t, std::string>& methods) {
  for (const auto& [type, method] : methods) methods_.try_emplace(type, Known{service, method});
}

std::string Names::MethodOf(uint32_t type) const {
  const auto known = methods_.find(type);
  return known == methods_.end() ? Text("type ", type) : known->second.method;
}

absl::StatusOr<dynamic::Remote*> Names::RemoteOf(const std::string& service) {
  const auto [found, is_new] =
      remotes_.try_emplace(service, absl::UnknownError("it is being reached"));
  if (is_new) {
    found->second = [&]() -> absl::StatusOr<std::unique_ptr<dynamic::Remote>> {
      const absl::StatusOr<std::string> address = FindService(registry_, wiring_, service);
      if (!address.ok()) return address.status();
      absl::StatusOr<std::unique_ptr<dynamic::Remote>> remote =
          dynamic::Remote::Open(registry_, *address, {});
      if (!remote.ok()) return remote;
      if (absl::Status reached = (*remote)->Reach(); !reached.ok()) return reached;
      return remote;
    }();
  }
  if (!found->second.ok()) return found->second.status();
  return found->second->get();
}

absl::StatusOr<std::string> Names::JsonOf(uint32_t type, Way way,
                                          std::span<const std::byte> payload) {
  const auto known = methods_.find(type);
  if (known == methods_.end())
    return absl::NotFoundError("no service of the wiring has a method of that type");
  const absl::StatusOr<dynamic::Remote*> remote = RemoteOf(known->second.service);
  if (!remote.ok()) return remote.status();
  const absl::StatusOr<dynamic::Remote::Found> found = (*remote)->Find(known->second.method);
  if (!found.ok()) return found.status();
  const absl::StatusOr<message::Schema::Json> json =
      found->schema->ToJson(*found->method, way, payload, message::Layout::kLine);
  if (!json.ok()) return json.status();
  return json->text;
}

}  // namespace jackfield::watch
