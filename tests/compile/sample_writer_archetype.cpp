// SPDX-License-Identifier: BSL-1.0
// The smallest sink and spool, and a writer over them.

#include <clarify/ingest/basic_sample_writer.hpp>

#include <boost/asio/io_context.hpp>

namespace {

class Sink {
public:
    Sink(Sink&&) = default;
    Sink& operator=(Sink&&) = delete;
    static Sink make() { return Sink{}; }

    boost::asio::awaitable<clarify::Result<void>> store(const clarify::DataFrame&) {
        co_return clarify::Error{clarify::Errc::connect};
    }
    clarify::Clock::duration interval() const noexcept { return {}; }
    std::size_t max_size() const noexcept { return 1'000; }

private:
    Sink() = default;
};

class Spool {
public:
    static constexpr bool blocks = true;

    Spool(Spool&&) = default;
    Spool& operator=(Spool&&) = delete;
    static Spool make() { return Spool{}; }

    clarify::Result<std::uint64_t> append(
        clarify::SampleTable&, std::chrono::system_clock::time_point) {
        return clarify::Error{clarify::Errc::overloaded};
    }
    clarify::Result<clarify::SpoolPage> read(std::uint64_t, std::uint64_t) {
        return clarify::SpoolPage{};
    }
    clarify::Result<void> remove(std::uint64_t) { return {}; }
    clarify::Result<std::uint64_t> drop(std::uint64_t, std::uint64_t) { return 0U; }
    clarify::SpoolState state() const { return {}; }
    bool durable() const noexcept { return true; }

private:
    Spool() = default;
};

/// A spool that says its number and not whether it worked.
class NearMiss : public Spool {
public:
    std::uint64_t append(clarify::SampleTable&, std::chrono::system_clock::time_point);
};

static_assert(clarify::SampleSink<Sink>);
static_assert(clarify::SampleSpool<Spool>);
static_assert(!clarify::SampleSpool<NearMiss>);
static_assert(!clarify::SampleSink<Spool>);

}  // namespace

boost::asio::awaitable<clarify::Result<clarify::DrainReport>> write_over_the_archetypes(
    boost::asio::io_context& context) {
    clarify::BasicSampleWriter<Sink, Spool> writer{
        context.get_executor(), Sink::make(), Spool::make()};
    static_cast<void>(writer.try_write("key", clarify::Timestamp::now(), 1.0));
    const auto drained = co_await writer.drain(std::chrono::seconds{1});
    co_return drained;
}
