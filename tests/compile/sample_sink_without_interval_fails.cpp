// expect-error: same.interval()
// SPDX-License-Identifier: BSL-1.0
// A sink that does not say how often it takes a frame is named as what it is not.

#include <clarify/ingest/basic_sample_writer.hpp>
#include <clarify/ingest/memory_spool.hpp>

namespace {

class WithoutInterval {
public:
    boost::asio::awaitable<clarify::Result<void>> store(const clarify::DataFrame&) {
        co_return clarify::Result<void>{};
    }
    std::size_t max_size() const noexcept { return 1'000; }
};

}  // namespace

using Writer = clarify::BasicSampleWriter<WithoutInterval, clarify::MemorySpool>;
