import './app.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { askEarly } from './lib/api';
import { firstQuestions } from './lib/early';
import { route } from './lib/route.svelte';
import { screenOf, screens } from './screens';

// The screen's script and its first questions are on their way while the frame is made.
const place = screenOf(route.segments);
screens[place]().catch(() => {}); // the frame asks again, and tells
firstQuestions(place).forEach(askEarly);
mount(App, { target: document.getElementById('app')! });
