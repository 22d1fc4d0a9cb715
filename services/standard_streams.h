// Descriptors 0, 1 and 2. A program that is started without one of them (`>&-`) would give its
// number to the next thing that it opens, and then print into a socket.
//
// Thread: the main one, before anything else is opened.
#ifndef JACKFIELD_SERVICES_STANDARD_STREAMS_H_
#define JACKFIELD_SERVICES_STANDARD_STREAMS_H_

namespace jackfield {

// Takes the numbers that are free, so that nothing else gets them. Using one fails as it would have
// without this: EBADF.
void OpenMissingStandardStreams();

}  // namespace jackfield

#endif  // JACKFIELD_SERVICES_STANDARD_STREAMS_H_
