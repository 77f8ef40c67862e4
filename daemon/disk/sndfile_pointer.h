// An open file of libsndfile that closes itself.
#pragma once

#include <sndfile.h>

#include <memory>

namespace fohd {

struct CloseSndfile {
  void operator()(SNDFILE* file) const noexcept { sf_close(file); }
};
using SndfilePointer = std::unique_ptr<SNDFILE, CloseSndfile>;

}  // namespace fohd
