#include "kernel/loop/mailbox.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace jackfield {
namespace {

struct Numbered : Posted {
  int poster = 0, number = 0;
};

MailboxHandle Make() { return MailboxHandle(new Mailbox(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))); }

bool Rung(const MailboxHandle& mailbox) {
  pollfd wait{mailbox->event_fd(), POLLIN, 0};
  return poll(&wait, 1, 0) == 1;
}

TEST(Mailbox, GivesWhatWasPostedOldestFirst) {
  const MailboxHandle mailbox = Make();
  EXPECT_EQ(mailbox->Take(), nullptr);
  Numbered posts[3];
  for (int i = 0; i < 3; ++i) {
    posts[i].number = i;
    EXPECT_TRUE(mailbox->Post(posts[i]));
  }
  EXPECT_TRUE(mailbox->HasPosts());
  int next = 0;
  for (Posted* posted = mailbox->Take(); posted != nullptr; posted = posted->next)
    EXPECT_EQ(static_cast<Numbered*>(posted)->number, next++);
  EXPECT_EQ(next, 3);
  EXPECT_FALSE(mailbox->HasPosts());
  EXPECT_EQ(mailbox->Take(), nullptr);
}

TEST(Mailbox, RingsOnlyASleeperAndOnlyOnce) {
  const MailboxHandle mailbox = Make();
  Numbered posts[4];
  EXPECT_TRUE(mailbox->Post(posts[0]));
  EXPECT_FALSE(Rung(mailbox)) << "who is awake looks for itself";
  mailbox->PrepareSleep();
  EXPECT_TRUE(mailbox->HasPosts()) << "what came before the sleep is seen by the last look";
  EXPECT_TRUE(mailbox->Post(posts[1]));
  EXPECT_TRUE(mailbox->Post(posts[2]));
  uint64_t rings = 0;
  ASSERT_EQ(read(mailbox->event_fd(), &rings, sizeof rings), static_cast<ssize_t>(sizeof rings));
  EXPECT_EQ(rings, 1u);
  mailbox->PrepareSleep();
  mailbox->EndSleep();
  EXPECT_TRUE(mailbox->Post(posts[3]));
  EXPECT_FALSE(Rung(mailbox));
}

TEST(Mailbox, AfterShutRefusesAndGivesTheRest) {
  const MailboxHandle mailbox = Make();
  Numbered first, second;
  EXPECT_TRUE(mailbox->Post(first));
  Posted* rest = mailbox->Shut();
  ASSERT_EQ(rest, &first);
  EXPECT_EQ(rest->next, nullptr);
  EXPECT_FALSE(mailbox->Post(second));
}

TEST(Mailbox, RunWhoseNodeIsGoneIsRefusedAndLetsGoOfWhatItHolds) {
  const auto held = std::make_shared<int>(1);
  EXPECT_FALSE(MailboxHandle().Run([held] {})) << "a handle to nothing";
  const MailboxHandle mailbox = Make();
  mailbox->Shut();
  EXPECT_FALSE(mailbox.Run([held] { ADD_FAILURE(); }));
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Mailbox, LivesAsLongAsItsLastHandle) {
  MailboxHandle first = Make();
  const int fd = first->event_fd();
  MailboxHandle copy = first;
  MailboxHandle moved = std::move(first);
  EXPECT_FALSE(static_cast<bool>(first));  // NOLINT: that is what is tested
  moved = MailboxHandle();
  EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  copy = MailboxHandle();
  EXPECT_EQ(fcntl(fd, F_GETFD), -1);
}

TEST(Mailbox, LosesNothingOfManyThreadsAndKeepsTheOrderOfEach) {
  constexpr int kThreads = 4, kPosts = 5000;
  const MailboxHandle mailbox = Make();
  std::vector<std::vector<Numbered>> posts(kThreads, std::vector<Numbered>(kPosts));
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t, handle = mailbox] {
      for (int i = 0; i < kPosts; ++i) {
        Numbered& post = posts[static_cast<size_t>(t)][static_cast<size_t>(i)];
        post.poster = t;
        post.number = i;
        EXPECT_TRUE(handle->Post(post));
      }
    });
  }
  std::vector<int> next(kThreads, 0);
  for (int count = 0; count < kThreads * kPosts;) {
    // As a node does: the last look, the sleep until somebody rings, the look again.
    mailbox->PrepareSleep();
    if (!mailbox->HasPosts()) {
      pollfd wait{mailbox->event_fd(), POLLIN, 0};
      ASSERT_EQ(poll(&wait, 1, 60'000), 1) << "slept through a post";
    }
    mailbox->EndSleep();
    uint64_t rings;
    while (read(mailbox->event_fd(), &rings, sizeof rings) > 0) {
    }
    for (Posted* posted = mailbox->Take(); posted != nullptr; ++count) {
      const auto& post = *static_cast<Numbered*>(posted);
      posted = posted->next;
      EXPECT_EQ(post.number, next[static_cast<size_t>(post.poster)]++);
    }
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace jackfield
