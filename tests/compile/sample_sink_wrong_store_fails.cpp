// expect-error: std::same_as<boost::asio::awaitable<Result<void>>>
// expect-error: does not satisfy return-type-requirement
// SPDX-License-Identifier: BSL-1.0
// A sink that tells whether a frame is stored, and not why it is not, is named as what it is not.

#include <clarify/ingest/basic_sample_writer.hpp>
#include <clarify/ingest/memory_spool.hpp>

namespace {

class WrongStore {
public:
    boost::asio::awaitable<bool> store(const clarify::DataFrame&) { co_return true; }
    clarify::Clock::duration interval() const noexcept { return {}; }
    std::size_t max_size() const noexcept { return 1'000; }
};

}  // namespace

using Writer = clarify::BasicSampleWriter<WrongStore, clarify::MemorySpool>;
