// expect-error: could not convert
// expect-error: no viable conversion
// expect-error: conversion from
// SPDX-License-Identifier: BSL-1.0
// A secret is no text, not even where one is wanted.

#include <clarify/core/secret.hpp>

#include <string>

std::string text_of(const clarify::Secret& secret) { return secret; }
