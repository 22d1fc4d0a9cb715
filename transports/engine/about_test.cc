#include "transports/engine/about.h"

#include "gtest/gtest.h"

namespace jackfield {
namespace {

TEST(About, ASentenceAboutAnAddressHasOneColonBeforeIt) {
  EXPECT_EQ(About(*Address::Parse("tcp://127.0.0.1:80"), "no ", 1), "tcp:127.0.0.1:80: no 1");
  EXPECT_EQ(About(*Address::Parse("sctp:"), "not here"), "sctp: not here");
  EXPECT_EQ(About(*Address::Parse("unix:?type=dgram"), "no"), "unix:?type=dgram: no");
}

}  // namespace
}  // namespace jackfield
