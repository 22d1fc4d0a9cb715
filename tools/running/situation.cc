#include "tools/running/situation.h"

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <utility>

#include "kernel/base/text.h"
#include "tools/cli/program.h"
#include "tools/running/why_stuck.h"

namespace jackfield {
namespace {

std::string SchemeOf(std::string_view address) {
  return address.empty() ? "-" : std::string(address.substr(0, address.find(':')));
}

const init::Service* Find(const init::Wiring& wiring, const flatbuffers::String* name) {
  if (name == nullptr) return nullptr;
  for (const init::Service* service : *wiring.services()) {
    if (service->name()->string_view() == name->string_view()) return service;
  }
  return nullptr;
}

bool Runs(init::State state) {
  return state == init::State::Started || state == init::State::Ready;
}

Situation::Service ServiceOf(const init::Service& service) {
  return {.name = TextOf(service.name()),
          .state = service.state(),
          .note = NoteOf(service),
          .is_well = Runs(service.state()) && WhyStuck(service).empty(),
          .stopped = service.stopped(),
          .silent = service.silent(),
          .pid = service.pid(),
          .restarts = service.restarts(),
          .handled = service.handled(),
          .clients = service.clients(),
          .handling = service.handling(),
          .waiting = service.waiting(),
          .since_ns = service.since_ns(),
          .oldest_ns = service.oldest_ns()};
}

void JudgeWaiting(const init::Wiring& wiring, const init::Call& call, Situation::Channel& channel) {
  if (call.oldest() == nullptr) return;
  const init::Service* server = Find(wiring, call.service());
  const bool is_out = server != nullptr && (server->stopped() || server->silent());
  channel.stuck = call.oldest_ns() >= kLongNs || is_out;
  if (!channel.stuck) return;
  if (!call.open()) channel.because = "it is not connected";
  if (server == nullptr) return;
  if (const std::string why = WhyStuck(*server); !why.empty())
    channel.because = Text(channel.server, " ", why);
}

Situation::Channel ChannelOf(const init::Wiring& wiring, const Situation::Service& client,
                             const init::Call& call) {
  Situation::Channel channel;
  channel.client = client.name;
  channel.role = TextOf(call.role());
  channel.server = TextOf(call.service());
  channel.address = TextOf(call.address());
  channel.over = SchemeOf(channel.address);
  channel.open = call.open();
  channel.one_way = call.one_way();
  channel.told = client.tells();
  channel.sent = call.sent();
  channel.delivered = call.delivered();
  channel.failed = call.failed();
  channel.in_doubt = call.in_doubt();
  channel.refused = call.refused();
  channel.dropped = call.dropped();
  channel.calls = call.calls();
  channel.oldest = TextOf(call.oldest());
  channel.oldest_ns = call.oldest_ns();
  JudgeWaiting(wiring, call, channel);
  return channel;
}

std::string NsOf(const watch::Quantiles& of, int64_t ns) {
  return of.calls == 0 ? "null" : std::to_string(ns);
}

}  // namespace

bool Situation::Service::tells() const {
  return (Runs(state) || state == init::State::Stopping) && !silent && !stopped;
}

size_t Situation::CountWell() const {
  return static_cast<size_t>(std::count_if(services.begin(), services.end(),
                                           [](const Service& service) { return service.is_well; }));
}

Situation SituationOf(const init::Wiring& wiring) {
  Situation situation;
  situation.wiring = TextOf(wiring.name());
  situation.file = TextOf(wiring.file());
  situation.pid = wiring.pid();
  situation.up_ns = wiring.up_ns();
  situation.log_lines_lost = wiring.logs_lost();
  for (const init::Service* service : *wiring.services()) {
    situation.services.push_back(ServiceOf(*service));
    for (const init::Call* call : *service->calls())
      situation.channels.push_back(ChannelOf(wiring, situation.services.back(), *call));
  }
  return situation;
}

void Rates::Fill(Situation& situation, int64_t now_ns) {
  const double seconds = static_cast<double>(now_ns - taken_ns_) / 1e9;
  std::map<Key, uint64_t> sent;
  for (Situation::Channel& channel : situation.channels) {
    const Key key{channel.client, channel.role, channel.server_or_role()};
    const auto before = sent_.find(key);
    if (channel.told && taken_ns_ != 0 && before != sent_.end() && seconds > 0) {
      // A client that was started again counts from 0.
      const uint64_t base = channel.sent < before->second ? 0 : before->second;
      channel.sent_per_s = static_cast<double>(channel.sent - base) / seconds;
    }
    if (channel.told) sent[key] = channel.sent;
  }
  sent_ = std::move(sent);
  taken_ns_ = now_ns;
}

void FillTimes(Situation& situation, const watch::ByChannel& took) {
  for (Situation::Channel& channel : situation.channels) {
    // Two channels may join the same two: one that has sent nothing has no times.
    const auto times = took.find({channel.client, channel.server_or_role()});
    if (times != took.end() && channel.sent_per_s != 0) channel.took = times->second;
  }
}

std::string JsonOf(const Situation::Channel& channel) {
  char rate[32] = "null";
  if (channel.sent_per_s >= 0) std::snprintf(rate, sizeof rate, "%.3f", channel.sent_per_s);
  const watch::Quantiles& took = channel.took;
  return Text(
      "{\"client\":", JsonString(channel.client),
      ",\"server\":", JsonString(channel.server_or_role()), ",\"over\":", JsonString(channel.over),
      ",\"open\":", channel.open ? "true" : "false", ",\"sent_per_s\":", rate,
      ",\"p50_ns\":", NsOf(took, took.p50_ns), ",\"p99_ns\":", NsOf(took, took.p99_ns),
      ",\"calls\":", channel.calls, ",\"oldest_ns\":", channel.oldest_ns,
      ",\"in_doubt\":", channel.in_doubt, ",\"role\":", JsonString(channel.role),
      ",\"one_way\":", channel.one_way ? "true" : "false",
      ",\"oldest\":", JsonString(channel.oldest), ",\"stuck\":", channel.stuck ? "true" : "false",
      ",\"because\":", JsonString(channel.because), "}");
}

}  // namespace jackfield
