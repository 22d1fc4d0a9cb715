// What came: an owned message, one that is lent, and how a call ended.
// Thread rules, ownership, limits and errors: kernel/message.h, kernel/call/answer.h
#ifndef JACKFIELD_PUBLIC_MESSAGE_H_
#define JACKFIELD_PUBLIC_MESSAGE_H_

#include "kernel/call/answer.h"  // IWYU pragma: export
#include "kernel/message.h"      // IWYU pragma: export

#endif  // JACKFIELD_PUBLIC_MESSAGE_H_
