// FAULTS E3, E6, C1 over media that cannot answer: every (site, documented errno) pair, injected
// through the fault seam at a sender and its receiver, ends in an outcome for both; what the sender
// was told is true; nothing is left.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "tests/conformance/subjects.h"
#include "tests/faults/reactor_case.h"
#include "tests/faults/seams.h"

namespace jackfield::conformance {
namespace {

constexpr uint32_t kNote = 1;
constexpr std::string_view kNoFault = "no fault";
constexpr Subject kGroup = {"udp_group", "udp://239.77.1.9:0?iface=lo"};

class SeamOneWay : public testing::TestWithParam<ReactorCase> {
 protected:
  // Sends to a port on the same node until all is received, or an end has failed.
  void SendNotes(FaultSeam& seam, const std::string& what);
  static Caps Describe(Role role) {
    const Address address = TestRegistry().Parse(GetParam().subject.serve).value();
    return TestRegistry().Describe(address, role).value();
  }

  size_t received_ = 0;
};

void SeamOneWay::SendNotes(FaultSeam& seam, const std::string& what) {
  received_ = 0;
  const auto node =
      Node::Create({.registry = &TestRegistry(), .wait = GetParam().wait, .seam = &seam});
  if (!node.ok()) return;  // refused at its making: an outcome
  const int64_t give_up_ns = SystemClock().NowNs() + 20'000'000'000;
  std::vector<std::string> notes;
  absl::Status link_ended;  // told of by the port even while that goes
  PortOptions receives;
  receives.needs = ReceiveNeeds();
  const auto port = Port::Open(**node, {std::string(GetParam().subject.serve)}, receives);
  if (!port.ok()) return;
  (*port)->Handle(kNote, [&](ServerCall& call) { notes.emplace_back(call.message().text()); });
  (*port)->OnClientGone([&](const std::string&, const absl::Status& why) { link_ended = why; });
  const auto ended = [&] { return !(*port)->failure().ok(); };
  (*node)->RunUntil([&] { return (*port)->serving() || ended(); }, give_up_ns);
  ASSERT_TRUE((*port)->serving() || ended()) << what;
  if (ended()) return;
  ChannelOptions sends;
  sends.needs = SendNeeds();
  sends.connect_timeout = 200ms;
  const auto channel = Channel::Open(**node, (*port)->addresses()[0], sends);
  if (!channel.ok()) return;
  const size_t bytes_max = Describe(Role::kServe).frame_bytes_max - kHeaderBytes;
  std::vector<std::string> sent;
  for (const size_t bytes : {size_t{0}, size_t{4}, size_t{1000}, size_t{100'000}}) {
    const std::string note(std::min(bytes, bytes_max), static_cast<char>('a' + sent.size()));
    CallOptions within;
    within.timeout = 400ms;
    const absl::Status status = (*channel)->Send(kNote, Bytes(note), within).Wait();
    EXPECT_TRUE(status.ok() || !status.message().empty()) << what;
    if (status.ok()) sent.push_back(note);
  }
  (*channel)->Close(400ms);
  const Ledger& ledger = (*channel)->ledger();
  EXPECT_LE(ledger.delivered + ledger.failed + ledger.in_doubt, ledger.sent) << what;
  // What the medium took arrives, unless the receiver is told of its end or of a loss.
  const auto all_told = [&] {
    return notes.size() + (*port)->ledger().lost >= ledger.delivered || !link_ended.ok() || ended();
  };
  if (Describe(Role::kServe).reliable) {
    EXPECT_TRUE((*node)->RunUntil(all_told, give_up_ns))
        << what << ": " << ledger.delivered << " taken, " << notes.size() << " received";
  }
  EXPECT_TRUE(link_ended.ok() || !link_ended.message().empty()) << what;
  EXPECT_TRUE(std::includes(sent.begin(), sent.end(), notes.begin(), notes.end())) << what;
  if (what == kNoFault)  // also of a medium that may lose some: this one does not leave the machine
    (*node)->RunUntil([&] { return notes.size() == 4; }, give_up_ns);
  received_ = notes.size();
}

TEST_P(SeamOneWay, WithoutAFaultEverythingArrives) {
  OneSite none(Site::kSocketPair, EIO, 0, 0);
  SendNotes(none, std::string(kNoFault));
  EXPECT_EQ(received_, 4u);
}

TEST_P(SeamOneWay, EveryFaultEndsInAnOutcomeAtBothEnds) {
  for (const SiteError& pair : kSiteErrors) {
    for (const int skip : {0, 1, 2, 3, 6}) {
      for (const int times : {1, 1'000'000}) {
        OneSite seam(pair.site, pair.error, skip, times);
        const std::string what = Text(Name(pair.site), " ", strerrorname_np(pair.error), " skip ",
                                      skip, " times ", times);
        const int descriptors = OpenDescriptors();
        SendNotes(seam, what);
        EXPECT_EQ(OpenDescriptors(), descriptors) << what << ": descriptors are left";
        if (HasFailure()) return;
      }
    }
  }
}

TEST_P(SeamOneWay, MovesOfOneByteGiveTheSameResult) {
  if (!Describe(Role::kServe).durable) GTEST_SKIP() << "a packet or a pulse is not moved in parts";
  for (const size_t bytes_max : {size_t{1}, size_t{7}, size_t{4096}}) {
    ShortMoves seam(bytes_max);
    SendNotes(seam, Text("moves of ", bytes_max));
    EXPECT_EQ(received_, 4u) << bytes_max;
  }
}

std::vector<ReactorCase> Params() {
  std::vector<Subject> subjects = {kGroup};
  for (const Subject& subject : Subjects()) {
    const Address address = TestRegistry().Parse(subject.serve).value();
    if (MeetsByAddress(subject) && !Answers(subject) && address.shims().empty())
      subjects.push_back(subject);
  }
  std::vector<ReactorCase> params;
  for (const Subject& subject : subjects) {
    AddOverEachReactor(subject, params);
  }
  return params;
}

INSTANTIATE_TEST_SUITE_P(All, SeamOneWay, testing::ValuesIn(Params()), NameOfCase);

}  // namespace
}  // namespace jackfield::conformance
