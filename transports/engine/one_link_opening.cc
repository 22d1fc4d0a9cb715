#include "transports/engine/one_link_opening.h"

#include <utility>

namespace jackfield {
namespace {

class OneLinkOpening final : public Opening {
 public:
  OneLinkOpening(Node& node, LinkSink& sink, Address actual, Role role,
                 std::unique_ptr<LinkDriver> driver, LinkTraits traits, std::function<void()> after)
      : node_(node),
        sink_(sink),
        actual_(std::move(actual)),
        role_(role),
        driver_(std::move(driver)),
        traits_(std::move(traits)),
        after_(std::move(after)),
        timer_([](Timer& timer) { static_cast<OneLinkOpening*>(timer.user)->Begin(); }, this) {
    node_.timers().Arm(timer_, 0);
  }
  ~OneLinkOpening() override {
    node_.timers().Cancel(timer_);
    driver_.reset();
    after_();
  }

 private:
  void Begin() {
    if (role_ == Role::kServe) sink_.OnServing(actual_);
    sink_.OnLink(std::move(driver_), std::move(traits_));
  }

  Node& node_;
  LinkSink& sink_;
  const Address actual_;
  const Role role_;
  std::unique_ptr<LinkDriver> driver_;
  LinkTraits traits_;
  const std::function<void()> after_;
  Timer timer_;
};

}  // namespace

std::unique_ptr<Opening> MakeOneLinkOpening(Node& node, LinkSink& sink, Address actual, Role role,
                                            std::unique_ptr<LinkDriver> driver, LinkTraits traits,
                                            std::function<void()> after) {
  return std::make_unique<OneLinkOpening>(node, sink, std::move(actual), role, std::move(driver),
                                          std::move(traits), std::move(after));
}

}  // namespace jackfield
