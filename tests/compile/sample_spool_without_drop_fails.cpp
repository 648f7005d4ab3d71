// expect-error: spool.drop
// SPDX-License-Identifier: BSL-1.0
// A spool that cannot make room is named as what it is not.

#include <clarify/ingest/basic_sample_writer.hpp>
#include <clarify/ingest/memory_spool.hpp>

namespace {

class Sink {
public:
    boost::asio::awaitable<clarify::Result<void>> store(const clarify::DataFrame&) {
        co_return clarify::Result<void>{};
    }
    clarify::Clock::duration interval() const noexcept { return {}; }
    std::size_t max_size() const noexcept { return 1'000; }
};

class WithoutDrop : public clarify::MemorySpool {
private:
    using clarify::MemorySpool::drop;
};

}  // namespace

using Writer = clarify::BasicSampleWriter<Sink, WithoutDrop>;
