"""The methods of notification."""
