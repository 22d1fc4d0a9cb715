// vsock: where the kernel has it, and where not.
#include "transports/vsock/vsock.h"

#include "transports/engine/socket_test_world.h"

namespace jackfield {
namespace {

class VsockTest : public SocketTestWorld {
 protected:
  VsockTest() : SocketTestWorld(MakeVsockTransport()) {}
};

TEST_F(VsockTest, AddressesThatCannotBeAreRefusedWithTheReason) {
  EXPECT_TRUE(Describe("vsock://any:7001", Role::kServe).ok());
  EXPECT_TRUE(Describe("vsock://host:7001", Role::kConnect).ok());
  EXPECT_TRUE(Describe("vsock://local:7001", Role::kConnect).ok());
  Says(Describe("vsock://any:7001", Role::kConnect), "one machine");
  Says(Describe("vsock:", Role::kConnect), "needs to know where");
  Says(Describe("vsock://7001", Role::kServe), "no port");
  Says(Describe("vsock://1:0", Role::kConnect), "other than 0");
  Says(Describe("vsock://1:4294967295", Role::kServe), "0..4294967294");
  Says(Describe("vsock://here:1", Role::kServe), "no machine");
  Says(Describe("vsock://1:1?plain", Role::kServe), "plain");
}

TEST_F(VsockTest, CarriesCallsOrSaysWhatTheKernelLacks) {
  ItCarriesCallsOrSaysWhatTheKernelLacks("vsock:", "vsock://1:7", "modprobe vsock");
}

}  // namespace
}  // namespace jackfield
