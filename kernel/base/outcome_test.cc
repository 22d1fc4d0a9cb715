#include "kernel/base/outcome.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace jackfield {
namespace {

using ::testing::HasSubstr;

TEST(Outcome, EachWithEachReasonIsReadBack) {
  for (int outcome = 1; outcome <= 3; ++outcome) {
    for (int reason = 0; reason <= static_cast<int>(Reason::kClosed); ++reason) {
      const auto o = static_cast<Outcome>(outcome);
      const auto r = static_cast<Reason>(reason);
      const absl::Status status = MakeStatus(o, r, "why");
      EXPECT_EQ(OutcomeOf(status), o);
      EXPECT_EQ(ReasonOf(status), r);
      EXPECT_EQ(OutcomeOf(WithText(status, "other")), o);
      EXPECT_EQ(ReasonOf(WithText(status, "other")), r);
    }
  }
}

TEST(Outcome, IsShownInWords) {
  EXPECT_THAT(MakeStatus(Outcome::kInDoubt, Reason::kDeadline, "no answer").ToString(),
              HasSubstr("DEADLINE_EXCEEDED: no answer [jackfield/outcome='IN_DOUBT deadline']"));
  EXPECT_THAT(Refused(Reason::kBackPressure, "full").ToString(),
              HasSubstr("[jackfield/outcome='REFUSED back-pressure']"));
}

TEST(Outcome, OfAnAnswerOrOfAnothersStatusIsOk) {
  for (const absl::Status& status : {absl::OkStatus(), absl::NotFoundError("it"),
                                     MakeStatus(Outcome::kOk, Reason::kCorrupt, "an answer")}) {
    EXPECT_EQ(OutcomeOf(status), Outcome::kOk);
    EXPECT_EQ(ReasonOf(status), Reason::kNone);
  }
  absl::Status foreign = absl::InternalError("x");
  for (const char* payload : {"", "IN_DOUBT", "IN_DOUBT ", "nothing deadline", "\x03\n"}) {
    foreign.SetPayload("jackfield/outcome", absl::Cord(payload));
    EXPECT_EQ(OutcomeOf(foreign), Outcome::kOk) << payload;
  }
}

TEST(Outcome, WithAReasonThatALaterPeerNamesKeepsItsOutcome) {
  const absl::Status status =
      MakeStatus(Outcome::kInDoubt, static_cast<Reason>(200), 14, "of a later version");
  EXPECT_EQ(OutcomeOf(status), Outcome::kInDoubt);
  EXPECT_EQ(ReasonOf(status), Reason::kNone);
}

}  // namespace
}  // namespace jackfield
