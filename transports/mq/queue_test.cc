// One queue by its name: the limits of the system, each reached, with a clear error that names it
// and what helps; who may own it, and what is left of a dead owner.
#include "transports/mq/queue.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <mqueue.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "transports/mq/test_queues.h"

namespace jackfield {
namespace {

uint64_t Limit(const char* name) {
  uint64_t value = 0;
  std::ifstream(Text("/proc/sys/fs/mqueue/", name)) >> value;
  return value;
}

std::string ErrorOf(const absl::StatusOr<Queue>& queue) {
  EXPECT_FALSE(queue.ok());
  EXPECT_EQ(ReasonOf(queue.status()), Reason::kResource) << queue.status();
  return queue.status().ToString();
}

TEST(Queue, MoreBytesThanTheUserMayHaveAreRefusedWithTheLimit) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_MSGQUEUE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 0;
  ASSERT_EQ(setrlimit(RLIMIT_MSGQUEUE, &none), 0);
  const std::string error = ErrorOf(Queue::Own(NoSeam(), Name("many"), {}));
  ASSERT_EQ(setrlimit(RLIMIT_MSGQUEUE, &before), 0);
  EXPECT_NE(error.find("RLIMIT_MSGQUEUE"), std::string::npos) << error;
  EXPECT_NE(error.find("ulimit -q"), std::string::npos) << error;
  EXPECT_FALSE(Exists(Name("many")));
}

TEST(Queue, MessagesThatAreTooManyOrTooLargeAreRefusedWithTheLimit) {
  QueueSize deep = kSmall, wide = kSmall;
  deep.depth = 100'000;  // over what even the privileged may have
  wide.message_bytes = 17 << 20;
  std::string error = ErrorOf(Queue::Own(NoSeam(), Name("deep"), deep));
  EXPECT_NE(error.find("sysctl -w fs.mqueue.msg_max="), std::string::npos) << error;
  EXPECT_NE(error.find(std::to_string(Limit("msg_max"))), std::string::npos) << error;
  error = ErrorOf(Queue::Own(NoSeam(), Name("wide"), wide));
  EXPECT_NE(error.find("sysctl -w fs.mqueue.msgsize_max="), std::string::npos) << error;
}

TEST(Queue, ALivingOwnersQueueIsNotTakenOver) {
  const absl::StatusOr<Queue> first = Queue::Own(NoSeam(), Name("one"), kSmall);
  ASSERT_TRUE(first.ok()) << first.status();
  const absl::StatusOr<Queue> second = Queue::Own(NoSeam(), Name("one"), kSmall);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists) << second.status();
}

TEST(Queue, WhatADeadOwnerLeftIsReplacedAndItsMessagesAreGone) {
  {  // a queue with a message, and nobody who holds it
    mq_attr attributes{};
    attributes.mq_maxmsg = kSmall.depth;
    attributes.mq_msgsize = kSmall.message_bytes;
    const int fd = mq_open(Name("left").c_str(), O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);
    ASSERT_GE(fd, 0);
    ASSERT_EQ(mq_send(fd, "stale", 5, 0), 0);
    close(fd);
  }
  EXPECT_EQ(Queue::Use(NoSeam(), Name("left"), 512).status().code(), absl::StatusCode::kUnavailable)
      << "nobody is there to be talked to";
  absl::StatusOr<Queue> next = Queue::Own(NoSeam(), Name("left"), kSmall);
  ASSERT_TRUE(next.ok()) << next.status();
  std::array<std::byte, 1024> room;
  EXPECT_EQ(next->Receive(room), -EAGAIN);
  EXPECT_TRUE(Queue::Use(NoSeam(), Name("left"), 1024).ok());
  next->Unname();
  EXPECT_FALSE(Exists(Name("left")));
}

TEST(Queue, WhoseMessagesAreTooSmallIsRefused) {
  const absl::StatusOr<Queue> own = Queue::Own(NoSeam(), Name("small"), kSmall);
  ASSERT_TRUE(own.ok()) << own.status();
  const absl::StatusOr<Queue> used = Queue::Use(NoSeam(), Name("small"), 8192);
  EXPECT_EQ(used.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(used.status().ToString().find("?frame=1024"), std::string::npos) << used.status();
}

TEST(Queue, TheNameGoesWithItsOwner) {
  { ASSERT_TRUE(Queue::Own(NoSeam(), Name("gone"), kSmall).ok()); }
  EXPECT_FALSE(Exists(Name("gone")));
}

// Who looks whether a queue has an owner holds the owner's lock for a moment.
TEST(Queue, ClientsThatLookWhetherItLivesDoNotKeepAServerFromOwningIt) {
  std::atomic<bool> over{false};
  std::vector<std::thread> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back([&over] {
      while (!over) static_cast<void>(Queue::Use(NoSeam(), Name("looked"), kSmall.message_bytes));
    });
  }
  for (int i = 0; i < 200; ++i) {
    const absl::StatusOr<Queue> own = Queue::Own(NoSeam(), Name("looked"), kSmall);
    EXPECT_TRUE(own.ok()) << i << " " << own.status();
    if (!own.ok()) break;
  }
  over = true;
  for (std::thread& client : clients) client.join();
}

}  // namespace
}  // namespace jackfield

int main(int argc, char** argv) { return jackfield::RunTestsInAPlaceOfTheirOwn(argc, argv); }
