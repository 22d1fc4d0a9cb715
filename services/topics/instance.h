// The topics service in a process of its own, for tests.
#ifndef JACKFIELD_SERVICES_TOPICS_INSTANCE_H_
#define JACKFIELD_SERVICES_TOPICS_INSTANCE_H_

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "jackfield/service.h"
#include "services/topics/topics.h"
#include "services/topics/world.h"

namespace jackfield::topics {

// The service in a process of its own, which ends with this one.
class Instance {
 public:
  explicit Instance(const std::string& address, std::vector<std::string> args = {}) {
    int told[2];
    EXPECT_EQ(pipe(told), 0);
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      const auto node = Node::Create({.name = "topics", .registry = &Transports()}).value();
      Grants grants;
      grants.serves = {address};
      grants.args = args;
      Service service(*node, grants, [&told](const std::vector<Address>& addresses) {
        const std::string text = addresses[0].ToString();
        if (write(told[1], text.data(), text.size()) < 0) _exit(1);
      });
      _exit(RunTopics(service).ok() ? 0 : 1);
    }
    close(told[1]);
    char text[256];
    const ssize_t bytes = read(told[0], text, sizeof text);
    EXPECT_GT(bytes, 0);
    address_.assign(text, static_cast<size_t>(std::max<ssize_t>(bytes, 0)));
    close(told[0]);
  }
  ~Instance() {
    if (pid_ > 0) Kill();
  }
  void Kill() {
    kill(pid_, SIGKILL);
    waitpid(std::exchange(pid_, 0), nullptr, 0);
  }
  const std::string& address() const { return address_; }

 private:
  pid_t pid_ = 0;
  std::string address_;
};

inline absl::Status PublishTo(Channel& channel, std::string_view topic, std::string_view text) {
  return TopicsClient(channel)
      .Publish([&](flatbuffers::FlatBufferBuilder& fbb) {
        const auto name = fbb.CreateString(topic.data(), topic.size());
        return CreateMessage(
            fbb, name,
            fbb.CreateVector(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
      })
      .Wait()
      .status();
}

}  // namespace jackfield::topics

#endif  // JACKFIELD_SERVICES_TOPICS_INSTANCE_H_
