// sctp: where the kernel has it, and where not.
#include "transports/sctp/sctp.h"

#include "transports/engine/socket_test_world.h"

namespace jackfield {
namespace {

class SctpTest : public SocketTestWorld {
 protected:
  SctpTest() : SocketTestWorld(MakeSctpTransport()) {}
};

TEST_F(SctpTest, AddressesThatCannotBeAreRefusedWithTheReason) {
  EXPECT_TRUE(Describe("sctp://127.0.0.1:7001", Role::kConnect).ok());
  EXPECT_TRUE(Describe("sctp://[::1]:0", Role::kServe).ok());
  Says(Describe("sctp:", Role::kConnect), "needs to know where");
  Says(Describe("sctp://::1:7", Role::kServe), "brackets");
  Says(Connect("sctp://192.0.2.1:7001"), "?plain");
}

TEST_F(SctpTest, CarriesCallsOrSaysWhatTheKernelLacks) {
  ItCarriesCallsOrSaysWhatTheKernelLacks("sctp:", "sctp://127.0.0.1:7", "modprobe sctp");
}

}  // namespace
}  // namespace jackfield
