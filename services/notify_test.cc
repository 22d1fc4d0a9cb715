// What a service manager that waits for readiness is told, and what is no socket to tell it at.
#include "services/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <string>

#include "gtest/gtest.h"

namespace jackfield {
namespace {

// A manager, at a name as NOTIFY_SOCKET has it.
class Manager {
 public:
  explicit Manager(const std::string& name) : fd_(socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = 0;
    bound_ = bind(fd_, reinterpret_cast<const sockaddr*>(&address),
                  static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())) == 0;
  }
  ~Manager() { close(fd_); }
  bool bound() const { return bound_; }
  std::string Hear() const {
    char bytes[64];
    const ssize_t got = recv(fd_, bytes, sizeof bytes, MSG_DONTWAIT);
    return got < 0 ? "nothing" : std::string(bytes, static_cast<size_t>(got));
  }

 private:
  const int fd_;
  bool bound_ = false;
};

TEST(NotifyTest, APathAndAnAbstractNameAreTold) {
  const std::string number = std::to_string(getpid());
  for (const std::string& name :
       {"/tmp/jackfield-notify-" + number, "@jackfield-notify-" + number}) {
    const Manager manager(name);
    ASSERT_TRUE(manager.bound()) << name;
    EXPECT_TRUE(NotifyManager(name, "READY=1").ok());
    EXPECT_EQ(manager.Hear(), "READY=1");
    if (name[0] == '/') unlink(name.c_str());
  }
}

TEST(NotifyTest, WhatIsNoNameIsRefused) {
  for (const std::string& name : {std::string(), std::string("/"), std::string("relative"),
                                  std::string("vsock:2:1"), "/" + std::string(200, 'x')})
    EXPECT_EQ(NotifyManager(name, "READY=1").code(), absl::StatusCode::kInvalidArgument) << name;
}

TEST(NotifyTest, NobodyThereIsSaid) {
  EXPECT_FALSE(NotifyManager("@jackfield-nobody-hears", "READY=1").ok());
}

}  // namespace
}  // namespace jackfield
