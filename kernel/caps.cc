#include "kernel/caps.h"

#include "kernel/base/text.h"

namespace jackfield {
namespace {

constexpr CapsField kFields[] = {
    {"send", &Caps::send},
    {"receive", &Caps::receive},
    {"reply", &Caps::reply},
    {"ordered", &Caps::ordered},
    {"reliable", &Caps::reliable},
    {"peer_loss", &Caps::peer_loss},
    {"fan_out", &Caps::fan_out},
    {"multi_host", &Caps::multi_host},
    {"fds", &Caps::fds},
    {"credentials", &Caps::credentials},
    {"encrypted", &Caps::encrypted},
    {"durable", &Caps::durable},
    {"inherited", &Caps::inherited},
    {"one_process", &Caps::one_process},
    {"one_thread", &Caps::one_thread},
};

void NeedAtLeast(std::vector<std::string>& missing, std::string_view name, uint32_t has,
                 uint32_t need) {
  if (has < need) missing.push_back(Text(name, " ", need, " (it has ", has, ")"));
}

}  // namespace

std::span<const CapsField> CapsFields() { return kFields; }

std::vector<std::string> MissingNeeds(const Caps& has, const Caps& needs) {
  std::vector<std::string> missing;
  for (const CapsField& field : kFields) {
    if (needs.*field.field && !(has.*field.field)) missing.emplace_back(field.name);
  }
  NeedAtLeast(missing, "priority_levels", has.priority_levels, needs.priority_levels);
  NeedAtLeast(missing, "frame_bytes_max", has.frame_bytes_max, needs.frame_bytes_max);
  NeedAtLeast(missing, "depth_frames", has.depth_frames, needs.depth_frames);
  return missing;
}

Caps CallNeeds() {
  Caps needs;
  needs.send = needs.receive = needs.reply = needs.ordered = needs.reliable = true;
  needs.frame_bytes_max = 256;
  return needs;
}

Caps SendNeeds() {
  Caps needs;
  needs.send = true;
  return needs;
}

Caps ReceiveNeeds() {
  Caps needs;
  needs.receive = true;
  return needs;
}

}  // namespace jackfield
