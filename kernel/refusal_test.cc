// What a refusal says as bytes and as words, and how often a service says that it turned somebody
// away.
#include "kernel/refusal.h"

#include <string>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/node.h"
#include "kernel/refusal_notes.h"
#include "kernel/registry.h"

namespace jackfield {
namespace {

std::span<const std::byte> BytesOf(const std::string& text) {
  return std::as_bytes(std::span(text));
}

TEST(RefusalTest, IsAWholeFrameThatFillsItselfUp) {
  for (size_t length = 0; length < 20; ++length) {
    const std::string frame = RefuseFrame(Refused(Reason::kResource, std::string(length, 'x')));
    EXPECT_EQ(frame.size() % 8, 0u) << length;
    EXPECT_TRUE(IsFrameOf(FrameKind::Refuse, BytesOf(frame))) << length;
    EXPECT_FALSE(IsFrameOf(FrameKind::Hello, BytesOf(frame))) << length;
    EXPECT_FALSE(IsOfAShim(BytesOf(frame))) << length;
  }
}

TEST(RefusalTest, ArrivesWithItsReasonAndItsWordsEscaped) {
  const std::string frame = RefuseFrame(Refused(Reason::kPermission, "not\x1b you"));
  const absl::Status status = ReadRefusal(BytesOf(frame), "unix:@kv");
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << status;
  EXPECT_EQ(OutcomeOf(status), Outcome::kRefused) << status;
  EXPECT_EQ(ReasonOf(status), Reason::kPermission) << status;
  EXPECT_EQ(std::string(status.message()), "unix:@kv: not\\x1b you");
}

TEST(RefusalTest, IsCutShortAtAnyByteAndThenNone) {
  const std::string frame = RefuseFrame(Refused(Reason::kPermission, "not you"));
  for (size_t bytes = 0; bytes < frame.size(); ++bytes)
    EXPECT_FALSE(IsFrameOf(FrameKind::Refuse, BytesOf(frame.substr(0, bytes)))) << bytes;
}

TEST(RefusalTest, OfStacksKeepsItsWordsThoughItsReasonIsTheVersions) {
  const absl::Status told = StacksDiffer(static_cast<FrameKind>(0x40), "unix:@kv");
  EXPECT_EQ(told.code(), absl::StatusCode::kFailedPrecondition) << told;
  const absl::Status heard = ReadRefusal(BytesOf(RefuseFrame(told)), "fragment+unix:@kv");
  EXPECT_EQ(heard.code(), absl::StatusCode::kFailedPrecondition) << heard;
  const std::string text(heard.message());
  EXPECT_NE(text.find("unix:@kv heard a frame of kind 0x40 first"), text.npos) << text;
  EXPECT_EQ(text.find("fragment+unix:@kv: "), 0u) << text;
}

class RefusalNotesTest : public testing::Test {
 protected:
  std::string Notes(const absl::Status& why, int times = 1) {
    testing::internal::CaptureStderr();
    for (int i = 0; i < times; ++i) notes_.Note(why);
    return testing::internal::GetCapturedStderr();
  }
  ManualClock clock_;
  Registry registry_;
  std::unique_ptr<Node> node_ = Node::Create({.name = "kv",
                                              .registry = &registry_,
                                              .wait = NodeOptions::Wait::kEpoll,
                                              .clock = &clock_})
                                    .value();
  RefusalNotes notes_{*node_};
};

TEST_F(RefusalNotesTest, AreToldAtOnceAndThenOnceAMinuteWithTheirNumber) {
  const absl::Status why = Refused(Reason::kPermission, "no client of uid 7");
  EXPECT_EQ(Notes(why, 3), "kv: a client was turned away: no client of uid 7\n");
  clock_.AdvanceToNs(clock_.NowNs() + RefusalNotes::kEveryNs - 1);
  EXPECT_EQ(Notes(why), "");
  clock_.AdvanceToNs(clock_.NowNs() + 1);
  EXPECT_EQ(Notes(why), "kv: a client was turned away (and 3 before it): no client of uid 7\n");
}

TEST_F(RefusalNotesTest, OfOneKindDoNotHideThoseOfAnother) {
  EXPECT_NE(Notes(Refused(Reason::kPermission, "a")), "");
  EXPECT_NE(Notes(Refused(Reason::kResource, "b")), "");
  EXPECT_NE(Notes(Refused(Reason::kVersion, "c")), "");
}

TEST_F(RefusalNotesTest, AreOnlyOfWhatSomebodyCanMend) {
  EXPECT_EQ(Notes(Refused(Reason::kPeerDied, "it has gone")), "");
  EXPECT_EQ(Notes(Refused(Reason::kCorrupt, "rubbish")), "");
  EXPECT_EQ(Notes(Refused(Reason::kUnreachable, "no hello")), "");
}

}  // namespace
}  // namespace jackfield
