// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/detail/called_or_lost.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace called_or_lost_test {

using clarify::detail::CalledOrLost;

namespace {

struct Tally {
    int called = 0;
    int lost = 0;
};

auto tallied(Tally* tally) {
    return CalledOrLost{
        tally, [](Tally* on, int by) { on->called += by; }, [](Tally* on) noexcept { ++on->lost; }};
}

using Tallied = decltype(tallied(nullptr));
static_assert(std::is_nothrow_move_constructible_v<Tallied>);
static_assert(!std::is_copy_constructible_v<Tallied>);
static_assert(std::is_invocable_v<Tallied&, int>);
static_assert(!std::is_invocable_v<Tallied&>);

}  // namespace

TEST_CASE("CalledOrLost: what was called is not lost") {
    Tally tally;
    { tallied (&tally)(3); }
    CHECK(tally.called == 3);
    CHECK(tally.lost == 0);
}

TEST_CASE("CalledOrLost: what was destroyed uncalled is lost once, however often it was moved") {
    Tally tally;
    {
        auto first = tallied(&tally);
        auto second = std::move(first);
        const auto third = std::move(second);
        CHECK(tally.lost == 0);
    }
    CHECK(tally.called == 0);
    CHECK(tally.lost == 1);
}

TEST_CASE("CalledOrLost: one that throws was called") {
    int lost = 0;
    {
        CalledOrLost throwing{
            &lost,
            [](int*) { throw std::runtime_error{"handler"}; },
            [](int* on) noexcept { ++*on; }};
        CHECK_THROWS_AS(throwing(), std::runtime_error);
    }
    CHECK(lost == 0);
}

TEST_CASE("CalledOrLost: the state is given away, and gone when the call is over") {
    const auto witness = std::make_shared<int>(0);
    long inside = 0;
    CalledOrLost function{
        witness,
        [&inside](std::shared_ptr<int> state) {
            inside = state.use_count();
            state.reset();
        },
        [](const std::shared_ptr<int>&) noexcept {}};
    CHECK(witness.use_count() == 2);
    function();
    CHECK(inside == 2);
    CHECK(witness.use_count() == 1);
}

TEST_CASE("CalledOrLost: a context that is destroyed loses what waits") {
    Tally tally;
    {
        boost::asio::io_context context;
        boost::asio::post(
            context,
            CalledOrLost{
                &tally, [](Tally* on) { ++on->called; }, [](Tally* on) noexcept { ++on->lost; }});
        CHECK(tally.lost == 0);
    }
    CHECK(tally.called == 0);
    CHECK(tally.lost == 1);
}

}  // namespace called_or_lost_test
