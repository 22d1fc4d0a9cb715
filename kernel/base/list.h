// A doubly linked list through its members: no allocation, removal in O(1). A member unlinks itself
// when destroyed.
#ifndef JACKFIELD_KERNEL_BASE_LIST_H_
#define JACKFIELD_KERNEL_BASE_LIST_H_

namespace jackfield {

// Derive a member type from ListNode<Tag>; Tag lets one object be in two lists.
template <class Tag>
class ListNode {
 public:
  ListNode() = default;
  ListNode(const ListNode&) = delete;
  ~ListNode() { Unlink(); }
  bool linked() const { return next_ != nullptr; }
  void Unlink() {
    if (next_ == nullptr) return;
    next_->previous_ = previous_;
    previous_->next_ = next_;
    next_ = previous_ = nullptr;
  }

 private:
  template <class, class>
  friend class List;
  ListNode* next_ = nullptr;
  ListNode* previous_ = nullptr;
};

template <class T, class Tag>
class List {
  using Node = ListNode<Tag>;

 public:
  List() { head_.next_ = head_.previous_ = &head_; }
  ~List() {
    while (!empty()) head_.next_->Unlink();
    head_.next_ = head_.previous_ = nullptr;
  }
  bool empty() const { return head_.next_ == &head_; }
  T* front() const { return empty() ? nullptr : Cast(head_.next_); }
  T* next(T* member) const {
    return static_cast<Node*>(member)->next_ == &head_ ? nullptr
                                                       : Cast(static_cast<Node*>(member)->next_);
  }
  void PushBack(T& member) { Insert(member, head_); }
  void PushFront(T& member) { Insert(member, *head_.next_); }
  T* PopFront() {
    T* member = front();
    if (member != nullptr) static_cast<Node*>(member)->Unlink();
    return member;
  }

 private:
  static void Insert(Node& node, Node& before) {
    node.next_ = &before;
    node.previous_ = before.previous_;
    before.previous_->next_ = &node;
    before.previous_ = &node;
  }
  static T* Cast(Node* node) { return static_cast<T*>(node); }
  mutable Node head_;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_BASE_LIST_H_
